using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Ranks;

/// <summary>What stands beside the weights of a model and is small: settings, tokenizers, templates. Each rank gets it as it is.</summary>
internal static class RankSettings
{
    private static readonly string[] Extensions = [".json", ".txt", ".model", ".jinja", ".tiktoken"];

    /// <summary>Whether a file is of those kinds that the folder of a rank has.</summary>
    public static bool IsOfRank(string name)
    {
        string extension = Path.GetExtension(name);
        return extension == SafetensorsHeader.Extension || Extensions.Contains(extension);
    }

    /// <summary>Copies what stands beside a model. What is too large to be meant is told.</summary>
    public static void Copy(SafetensorsModel model, string folder, ISet<string> warnings)
    {
        string from = SafetensorsFolder.Find(model.Path).Folder is { Length: > 0 } found ? found : ".";
        void Warn(FormattableString what) => warnings.Add($"{ErrorText.EscapePath(from)}: {ErrorText.Invariant(what)}");
        foreach (string name in BesideWeights.Names(from, Warn).Where(name => Extensions.Contains(Path.GetExtension(name))))
        {
            byte[] bytes = BesideWeights.Read(Path.Combine(from, name));
            string to = Path.Combine(folder, name);
            SystemError.Name(to, () => File.WriteAllBytes(to, bytes));
        }
    }
}
