using Quant.Net.Conversion;
using Quant.Net.Gguf;
using Quant.Net.IO;

namespace Quant.Net.Quantization;

/// <summary>Looks whether an output may be where it is to be, before weights are read. Nothing is written.</summary>
internal static class OutputPlace
{
    /// <summary>Refuses an output of which everything is known.</summary>
    /// <exception cref="IOException">A file is there already, is one that is read, or cannot be made, or there is too little room.</exception>
    /// <exception cref="UnauthorizedAccessException">Nothing may be written there.</exception>
    public static void Require(QuantizeSource source, QuantizeOutput output, QuantizeOptions options)
    {
        Require(source, output.Files, options);
        long there = options.Resume ? output.Files.Sum(BytesLeft) : 0;
        OutputGuard.RequireSpace(output.Files[0], output.Length - there);
    }

    /// <summary>
    /// Refuses an output of which nobody knows yet how large it is. Where that tells into how many files it is divided, any part of that name is in the way.
    /// </summary>
    /// <inheritdoc cref="Require(QuantizeSource, QuantizeOutput, QuantizeOptions)"/>
    public static void RequireBeforePlan(QuantizeSource source, string path, bool keepsSplit, QuantizeOptions options)
    {
        string prefix = QuantizeOutput.PrefixOf(path);
        int parts = keepsSplit ? source.Paths.Count : 1;
        if (options.SplitMaxBytes is null)
        {
            Require(source, parts == 1 ? [path] : [.. GgufSplit.PathsOfParts(prefix, parts)], options);
            return;
        }

        AtomicFile.RefuseLongName(GgufSplit.PathsOfParts(prefix, 1).Single());
        OutputGuard.RequireWritable(path);
        string[] there = StaleFiles.FindParts(prefix);
        if (!options.Overwrite && there is [var part, ..])
        {
            throw new OutputExistsException($"{ErrorText.EscapePath(part)}: exists already, and one of the files to be written may get its name");
        }

        RefuseInputs(there, source, options);
    }

    private static void Require(QuantizeSource source, IReadOnlyList<string> files, QuantizeOptions options)
    {
        foreach (string file in files)
        {
            AtomicFile.RefuseExisting(file, options.Overwrite);
            AtomicFile.RefuseLongName(file);
        }

        RefuseInputs(files, source, options);
        OutputGuard.RequireWritable(files[0]);
    }

    private static void RefuseInputs(IReadOnlyList<string> files, QuantizeSource source, QuantizeOptions options)
    {
        OutputGuard.RefuseInputs(files, source.Paths);
        OutputGuard.RefuseInputs(files, options.Importance is { } importance ? [importance.Path] : [], "the importance matrix");
    }

    /// <summary>What an interrupted run has left of a file.</summary>
    private static long BytesLeft(string file) => new FileInfo(AtomicFile.PartialPath(file)) is { Exists: true } left ? left.Length : 0;
}
