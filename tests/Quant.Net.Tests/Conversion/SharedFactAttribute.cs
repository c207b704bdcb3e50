namespace Quant.Net.Tests.Conversion;

/// <summary>A test on files that stand beside the checkout (in <c>../shared</c>) where they can be had, and is skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute(params string[] files) => Skip = SkipWithout(files);

    /// <summary>Why a test is skipped; null if all files are there.</summary>
    public static string? SkipWithout(params ReadOnlySpan<string> files)
    {
        foreach (string file in files)
        {
            if (!File.Exists(PathOf(file)))
            {
                return $"../shared/{file} is not there";
            }
        }

        return null;
    }

    public static string PathOf(string file) => Repository.PathOf("..", "shared", file);
}

/// <summary>The same with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(params string[] files) => Skip = SharedFactAttribute.SkipWithout(files);
}
