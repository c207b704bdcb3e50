using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Safetensors;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Slice;

/// <summary>What the commands that cut and join have in common.</summary>
internal static class SliceOptions
{
    private static readonly string[] Axes = ["out", "in"];

    /// <summary><c>--axis</c>: along which features.</summary>
    public static Option<string> Axis()
    {
        return new Option<string>("--axis")
        {
            Description = "Along output features (rows of the weight) or input features (its columns)",
            HelpName = "out|in",
        }.TakeOneOf(Axes);
    }

    /// <summary><c>--module</c>: of a safetensors model.</summary>
    public static Option<string?> Module() => new("--module")
    {
        Description = "A packed module of a safetensors model: the name of its tensors without .qweight and so on",
        HelpName = "NAME",
    };

    /// <summary><c>--tensor</c>: of a GGUF model.</summary>
    public static Option<string?> Tensor() => new("--tensor")
    {
        Description = "A tensor of a GGUF model",
        HelpName = "NAME",
    };

    /// <summary>Reads a number from 1; null if it is none.</summary>
    public static int? ParseCount(ArgumentResult result, int most)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0 && count <= most)
        {
            return count;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name}: '{text}' is not a number from 1 to {most}");
        return null;
    }

    /// <summary>The direction that was given.</summary>
    public static MatrixAxis AxisOf(string axis) => axis == Axes[0] ? MatrixAxis.Output : MatrixAxis.Input;

    /// <summary>What a direction is called.</summary>
    public static string NameOf(MatrixAxis axis) => Axes[axis == MatrixAxis.Output ? 0 : 1];

    /// <summary>A tensor by its name, or the only one there is.</summary>
    public static GgufTensor Find(GgufFile model, string? name)
    {
        if (name is null)
        {
            return model.Tensors is [var only] ? only
                : throw new ToolException($"{model.Parts[0].Path}: has {model.Tensors.Count} tensors, --tensor says which{(model.Tensors is [var first, ..] ? $", such as '{first.Name}'" : "")}");
        }

        if (model.Tensors.TryGet(name, out GgufTensor? tensor))
        {
            return tensor;
        }

        string? guess = Suggestion.For(name, model.Tensors.Select(known => known.Name));
        throw new ToolException($"{model.Parts[0].Path}: has no tensor '{name}'" + (guess is null ? "" : $"; did you mean '{guess}'?"));
    }

    /// <summary>A packed module by its name, or the only one there is.</summary>
    public static PackedModule Find(SafetensorsModel model, string? name)
    {
        IReadOnlyList<PackedModule> modules = PackedModule.Find(model);
        if (modules.Count == 0)
        {
            throw new ToolException($"{model.Path}: has no packed modules, expected one of a layout that 'quantnet formats' lists");
        }

        if (name is null)
        {
            return modules is [var only] ? only
                : throw new ToolException($"{model.Path}: has {modules.Count} packed modules, --module says which, such as '{modules[0].Name}'");
        }

        if (modules.FirstOrDefault(module => module.Name == name) is { } found)
        {
            return found;
        }

        if (model.Tensors.Contains(name + ".weight"))
        {
            throw new ToolException($"{model.Path}: module '{name}' is not packed, expected a packed one, such as '{modules[0].Name}'");
        }

        string? guess = Suggestion.For(name, modules.Select(module => module.Name));
        throw new ToolException($"{model.Path}: has no packed module '{name}'" + (guess is null ? "" : $"; did you mean '{guess}'?"));
    }
}
