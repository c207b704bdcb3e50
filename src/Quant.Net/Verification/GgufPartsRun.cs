using System.Diagnostics;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>Compares parts of GGUF tensors with the model that they were cut from.</summary>
internal sealed class GgufPartsRun(
    GgufFile whole, IReadOnlyList<GgufFile> parts, PartsVerifyOptions options, QuantDevice device, IProgress<ConversionProgress>? progress,
    CancellationToken cancellation)
{
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private readonly string[] _paths = [.. parts.Select(part => part.Parts[0].Path)];

    public PartsVerifyResult Run()
    {
        var watch = Stopwatch.StartNew();
        _faults.AddRange(PartNames.Missing(_paths));
        bool areMarked = parts.All(part => part.Tensors.Any(tensor => PartMark.Of(tensor) is not null));
        IEnumerable<string> misplaced = areMarked || _faults.Count > 0 ? [] : PartNames.Misplaced(_paths);

        string[] names = [.. parts.SelectMany(part => part.Tensors).Select(tensor => tensor.Name).Distinct()];
        if (names.Length == 0)
        {
            _faults.Add("no part has a tensor");
        }

        var count = new PartsProgress(progress) { BytesTotal = parts.Sum(part => part.Tensors.Sum(tensor => tensor.ByteLength)), TensorCount = names.Length };
        var comparison = new PartsComparison(_paths, options.ChunkBytes, Math.Max(device.Threads, 1), count, cancellation);
        foreach (string name in names)
        {
            Compare(name, comparison);
        }

        return new PartsVerifyResult
        {
            Differences = comparison.Differences,
            Faults = _faults,
            Warnings = [.. parts.Prepend(whole).SelectMany(model => model.Warnings), .. misplaced],
            TensorCount = comparison.TensorCount,
            BytesRead = count.BytesDone,
            Kernels = [.. _kernels],
            Elapsed = watch.Elapsed,
        };
    }

    private void Compare(string name, PartsComparison comparison)
    {
        List<GgufRows> rows = [];
        foreach (GgufFile model in parts.Prepend(whole))
        {
            string? problem = !model.Tensors.TryGet(name, out GgufTensor? tensor) ? $"has no tensor {ErrorText.Quote(name)}"
                : tensor.IsFormatKnown ? null : $"tensor {ErrorText.Quote(name)} has {tensor.FormatName}, which nobody knows how to decode";
            if (problem is null)
            {
                rows.Add(new GgufRows(tensor!, device, _kernels));
            }
            else
            {
                _faults.Add($"{model.ShownPath}: {problem}");
            }
        }

        if (rows.Count != parts.Count + 1)
        {
            return;
        }

        GgufRows[] found = [.. rows.Skip(1)];
        if (CutParts.Find(rows[0], found, options, out string? wrong) is { } cut && cut.IsInOrder(rows[0], found, out wrong))
        {
            comparison.Compare(rows[0], found, cut.Axis, cut.Ranges);
        }
        else
        {
            _faults.Add(wrong!);
        }
    }
}
