namespace Quant.Net.Tests.Conversion;

/// <summary>A test on files that stand beside the checkout (in <c>../shared</c>) where they can be had, and is skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(params string[] files)
    {
        string? missing = files.FirstOrDefault(file => !File.Exists(PathOf(file)));
        Skip = missing is null ? null : $"../shared/{missing} is not there";
    }

    public static string PathOf(string file) => Repository.PathOf("..", "shared", file);
}
