using System.Reflection;
using Quant.Net.Bindings;
using Quant.Net.Bindings.Clang;
using Quant.Net.Bindings.Emit;
using Quant.Net.Bindings.Model;

const string Usage = """
    Writes src/Quant.Net/Native/*.g.cs from native/include/quantnet.h.

      --check          write nothing; exit 1 and name the files that differ from what would be written
      --libclang FILE  the libclang to use (16 or newer), instead of the newest one found
      --include DIR    the directory with its stdint.h and stddef.h
    """;

try
{
    Arguments arguments = Arguments.Parse(args);
    string root = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(a => a.Key == "RepositoryRoot").Value!;
    Settings settings = Settings.Load(Path.Combine(root, "bindings", "settings.json"));
    string include = LibClangLoader.Load(arguments.LibClang, arguments.Include);
    Header header = HeaderParser.Parse(Path.Combine(root, settings.Header), include);
    OutputFolder output = new(root, settings.Output, GeneratedFiles.All(header, settings));
    return arguments.Check ? output.Check() : output.Write();
}
catch (GeneratorException e)
{
    Console.Error.WriteLine($"bindings: {e.Message}");
    return 1;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"bindings: {e.Message}\n\n{Usage}");
    return 2;
}
