using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>What stands beside the weights of a model and is small: settings, tokenizers, templates. Each rank gets it as it is.</summary>
internal static class RankSettings
{
    private const long LargestFile = 64 << 20;
    private static readonly string[] Extensions = [".json", ".txt", ".model", ".jinja", ".tiktoken"];

    /// <summary>Whether a file is of those kinds that the folder of a rank has.</summary>
    public static bool IsOfRank(string name)
    {
        string extension = Path.GetExtension(name);
        return extension == SafetensorsHeader.Extension || Extensions.Contains(extension);
    }

    /// <summary>Copies what stands beside a model.</summary>
    public static void Copy(SafetensorsModel model, string folder)
    {
        string from = SafetensorsFolder.Find(model.Path).Folder;
        foreach (FileInfo file in new DirectoryInfo(from.Length == 0 ? "." : from).EnumerateFiles())
        {
            bool isCopied = Extensions.Contains(file.Extension) && file.Length <= LargestFile
                && !file.Name.EndsWith(SafetensorsHeader.IndexSuffix, StringComparison.Ordinal);
            if (isCopied)
            {
                SystemError.Name(file.FullName, () => File.Copy(file.FullName, Path.Combine(folder, file.Name)));
            }
        }
    }
}
