using System.Globalization;
using System.Text.RegularExpressions;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Safetensors;

namespace Quant.Net.Slicing;

/// <summary>
/// What a file that was cut from a matrix says of its place there, in its metadata: so that parts are not joined, or taken for the whole,
/// in another order or direction than they were cut in.
/// </summary>
/// <param name="Name">The module or tensor that was cut.</param>
/// <param name="Axis">Along which features.</param>
/// <param name="Ranges">The features that the part has, in rising order.</param>
/// <param name="Length">The features of the whole.</param>
internal sealed partial record PartMark(string Name, MatrixAxis Axis, IReadOnlyList<(long First, long Count)> Ranges, long Length)
{
    private const string NameKey = "quantnet.part_of", PlaceKey = "quantnet.part";

    /// <summary>The entries that say it; none of the whole, which is no part.</summary>
    public IEnumerable<KeyValuePair<string, string>> Metadata =>
        Ranges is [(0, var count)] && count == Length ? [] : [new(NameKey, Name), new(PlaceKey, Place)];

    private string Place => ErrorText.Invariant($"{MatrixCut.Name(Axis)} {string.Join(',', Ranges.Select(Text))} of {Length}");

    /// <summary>The mark of a file of packed modules; null if it bears none.</summary>
    public static PartMark? Of(SafetensorsFile file) => Read(file.Metadata.GetValueOrDefault);

    /// <summary>The mark of the file that a packed module is in; null if it bears none of this module.</summary>
    public static PartMark? Of(PackedModule module) => Of(module.Arrays.Codes.File) is { } mark && mark.Name == module.Name ? mark : null;

    /// <summary>The mark of the file that a tensor is in; null if it bears none of this tensor.</summary>
    public static PartMark? Of(GgufTensor tensor) =>
        Read(key => tensor.Part.Metadata.TryGetString(key, out string? text) ? text : null) is { } mark && mark.Name == tensor.Name ? mark : null;

    /// <summary>A range, as marks and messages have it.</summary>
    public static string Text((long First, long Count) range) => ErrorText.Invariant($"{range.First}:{range.First + range.Count}");

    // Whatever is not as it should be was not written here, and says nothing.
    private static PartMark? Read(Func<string, string?> metadata)
    {
        if (metadata(NameKey) is not { } name || Places().Match(metadata(PlaceKey) ?? "") is not { Success: true } place
            || !TryRead(place.Groups["length"], out long length))
        {
            return null;
        }

        var ranges = new List<(long First, long Count)>();
        long before = 0;
        foreach ((Capture from, Capture to) in place.Groups["from"].Captures.Zip(place.Groups["to"].Captures))
        {
            if (!TryRead(from, out long first) || !TryRead(to, out long end) || first < before || first >= end || end > length)
            {
                return null;
            }

            ranges.Add((first, end - first));
            before = end;
        }

        MatrixAxis axis = place.Groups["axis"].Value == MatrixCut.Name(MatrixAxis.Output) ? MatrixAxis.Output : MatrixAxis.Input;
        return new PartMark(name, axis, ranges, length);
    }

    private static bool TryRead(Capture digits, out long number) =>
        long.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    [GeneratedRegex(
        @"\A(?<axis>output|input) (?<from>[0-9]+):(?<to>[0-9]+)(,(?<from>[0-9]+):(?<to>[0-9]+))* of (?<length>[0-9]+)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Places();
}
