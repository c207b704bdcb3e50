using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>A module while it is looked at: its tensors by the ends of their names, and faults that name them.</summary>
internal sealed class ModuleParts(SafetensorsModel model, PackedModuleOptions options, SafetensorsTensor anchor, string name)
{
    private ModuleFacts? _facts;

    /// <summary>What is said of it beside its tensors.</summary>
    public ModuleFacts Facts => _facts ??= ModuleFacts.Read(model, anchor.File, name);

    public PackedModuleOptions Options => options;

    public QuantizationConfig? Config => model.Quantization;

    public string Name => name;

    public bool Has(string part) => model.Tensors.Contains(name + part);

    public bool TryGet(string part, [NotNullWhen(true)] out SafetensorsTensor? tensor) => model.Tensors.TryGet(name + part, out tensor);

    public SafetensorsTensor? Find(string part, params SafetensorsType[] types) => Has(part) ? Get(part, types) : null;

    public SafetensorsTensor Get(string part, params SafetensorsType[] types)
    {
        if (!TryGet(part, out SafetensorsTensor? tensor))
        {
            throw Missing(part);
        }

        return types.Length == 0 || types.Contains(tensor.Type)
            ? tensor
            : throw Fault(tensor, $"is {tensor.Type}, expected {string.Join(" or ", types)}", isOfType: true);
    }

    /// <summary>Requires a shape; -1 is any length.</summary>
    public void RequireShape(SafetensorsTensor tensor, params ReadOnlySpan<long> shape)
    {
        bool fits = tensor.Shape.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] == -1 || tensor.Shape[i] == shape[i];
        }

        if (!fits)
        {
            string expected = string.Join(", ", shape.ToArray().Select(length => length == -1 ? "any" : ErrorText.Invariant($"{length}")));
            throw Fault(tensor, $"has the shape [{string.Join(", ", tensor.Shape)}], expected [{expected}]");
        }
    }

    /// <summary>Requires a list, if there is one, of one number for each column, and no more than a span holds.</summary>
    public void RequireList(SafetensorsTensor? list, long columns)
    {
        if (list is null)
        {
            return;
        }

        RequireShape(list, columns);
        if (columns > int.MaxValue)
        {
            throw Fault(list, $"has {columns} numbers, expected at most {int.MaxValue}");
        }
    }

    public ModelFormatException Missing(string part) => ModelFormatException.In(
        model.Path, $"module {ErrorText.Quote(name)}: tensor {ErrorText.Quote(name + part)} is missing");

    /// <summary>Whether weights of 8 bits that stand alone lack their scales: where a method is said to have packed the model, other than
    /// these, and does not leave the module alone. A method that nobody knows may keep scales elsewhere.</summary>
    public bool LacksScales(string[] methodsWithout) =>
        Config is { Method: { } method } && !methodsWithout.Contains(method) && !Config.For(name).IsLeftAlone;

    /// <summary>The fault of weights that <see cref="LacksScales"/> speaks of.</summary>
    public ModelFormatException LackOfScales(SafetensorsTensor codes, string part) => Fault(
        codes, $"is {codes.Type} and has no {ErrorText.Quote(name + part)}, expected one as {Config!.Source} says {ErrorText.Quote(Config.Method!)}");

    public ModelFormatException Fault(SafetensorsTensor tensor, FormattableString what, bool isOfType = false) => ModelFormatException.In(
        tensor.File.Path, $"tensor {ErrorText.Quote(tensor.Name)} {ErrorText.Invariant(what)}", isOfType ? tensor.Name : null);

    /// <summary>The refusal of a layout that is not read, with what can be done about it.</summary>
    public NotSupportedException Foreign(FormattableString what) =>
        Unsupported($"{ErrorText.Invariant(what)}: decode it with the program that packed it, or take the checkpoint that it was made of");

    public NotSupportedException Unsupported(FormattableString what) =>
        new(ErrorText.Invariant($"{ErrorText.EscapePath(model.Path)}: module {ErrorText.Quote(name)}: {ErrorText.Invariant(what)}"));

    /// <summary>The size of groups of which there are so many.</summary>
    /// <param name="scales">The tensor that tells how many there are.</param>
    /// <param name="columns">What they divide.</param>
    /// <param name="groups">Their number.</param>
    /// <param name="mayEndShort">Whether the last one may have fewer columns, so that their number alone does not tell.</param>
    /// <param name="index">A list of the groups of columns, or null.</param>
    public long GroupSize(SafetensorsTensor scales, long columns, long groups, bool mayEndShort = false, SafetensorsTensor? index = null)
    {
        if (groups == 1)
        {
            return 0;
        }

        if (Facts.GroupSize is { } size and > 0 && (columns - 1) / size + 1 == groups)
        {
            return size;
        }

        // Where groups are in order, their list shows where the second one begins; in another order any size of so many groups will do.
        long step = mayEndShort ? StepIn(index, columns, groups) : groups > 0 && columns % groups == 0 ? columns / groups : 0;
        return step > 0 ? step : throw Fault(
            scales, $"has {groups} groups for {columns} inputs, and nothing says how large they are (the settings say {Facts.GroupSize?.ToString(CultureInfo.InvariantCulture) ?? "nothing"})");
    }

    private static unsafe long StepIn(SafetensorsTensor? index, long columns, long groups)
    {
        if (index is null || groups <= 0)
        {
            return 0;
        }

        // A part of a matrix may have no column in its second group. Readers take zeros alone for no list, so they tell nothing.
        var list = new ReadOnlySpan<int>(index.Pointer, (int)index.ElementCount);
        long second = list.IndexOf(1);
        long step = second > 0 && (columns - 1) / second + 1 == groups ? second : (columns - 1) / groups + 1;
        return list.ContainsAnyExcept(0) && (columns - 1) / step + 1 == groups ? step : 0;
    }
}
