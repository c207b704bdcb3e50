using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Native;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Ranks;

/// <summary>
/// Where packed modules may be divided. Stricter than cutting alone: the parts are read with the model's own settings, so that all of
/// them must have its groups, and ranks must have equal shapes.
/// </summary>
internal static class PackedRanks
{
    /// <summary>Why a module cannot be divided so; null if it can.</summary>
    public static string? Problem(SafetensorsModel model, PackedModule module, MatrixAxis axis, RankRanges ranges)
    {
        ModuleArrays arrays = module.Arrays;
        if (arrays.Levels is not null)
        {
            return "its blocks run across rows";
        }

        if (ranges.Padding != 0)
        {
            return ErrorText.Invariant($"{ranges.Padding} more features would be needed, and packed weights have no zeros to fill up with");
        }

        var facts = new MatrixArrays { Layout = arrays.Layout, Bits = arrays.Bits, GroupSize = arrays.GroupSize };
        long word = MatrixGrids.Multiple(facts, axis);
        if (ranges.PartLength % word != 0)
        {
            return ErrorText.Invariant($"{ranges.PartLength} {MatrixCut.Name(axis)} features for each rank are no multiple of {word}, as {PackedMatrixLayouts.NameOf(arrays.Layout)} of {arrays.Bits} bits needs it");
        }

        if (IsAmbiguous(model, module, axis, ranges.PartLength))
        {
            return ErrorText.Invariant(
                $"the {arrays.Bits}-bit codes of {ranges.PartLength} {MatrixCut.Name(axis)} features may be packed in two ways, expected a version in the settings that tells");
        }

        (long group, long length) = axis == MatrixAxis.Input ? (arrays.GroupSize, arrays.Columns) : (arrays.GroupRows, arrays.Rows);
        bool oneGroup = group == 0 || group >= length, anyGroups = axis == MatrixAxis.Input && arrays.IsActOrder;
        bool hasSizeInSettings = arrays.Layout is PackedMatrixLayout.AwqGemv or PackedMatrixLayout.AwqGemvFast;
        bool fits = oneGroup || anyGroups || ranges.Parts.All(part => part.All(range => range.First % group == 0 && range.Count % group == 0))
            || (!hasSizeInSettings && ranges.Parts.All(part => part.Count == 1 && group % part[0].Count == 0));
        return fits ? null
            : ErrorText.Invariant($"{ranges.PartLength} {MatrixCut.Name(axis)} features for each rank do not fit its groups of {group}");
    }

    // The shape of a part can be that of either packing where the shape of the whole is not.
    private static bool IsAmbiguous(SafetensorsModel model, PackedModule module, MatrixAxis axis, long length)
    {
        ModuleArrays arrays = module.Arrays;
        (long rows, long columns) = axis == MatrixAxis.Input ? (arrays.Rows, length) : (length, arrays.Columns);
        return arrays.Layout == PackedMatrixLayout.PackQuantized
            && CompressedModules.HasTwoPackings(rows, columns, arrays.Bits, arrays.Zeros is not null)
            && ModuleFacts.Read(model, arrays.Codes.File, module.Name).Padded != arrays.Flags.HasFlag(NativeMatrixFlags.Padded);
    }
}
