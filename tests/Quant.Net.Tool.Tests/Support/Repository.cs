using System.Reflection;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>Files of this repository.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>Q4_K and Q6_K in rows of 256.</summary>
    public static string WideModel { get; } = PathOf("samples/models/wide-Q4_K_M.gguf");

    /// <summary>Q5_0, Q8_0 and F16 in rows of 64 and 172.</summary>
    public static string StoriesModel { get; } = PathOf("samples/models/stories260K-Q4_K_M.gguf");

    /// <summary>A folder: GPTQ of 4 bits with act-order.</summary>
    public static string GptqModel { get; } = PathOf("samples/models/wide-GPTQ-4bit");

    public static string PathOf(string path) => Path.Combine(Root, path);
}
