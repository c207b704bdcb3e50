using System.Diagnostics;
using Quant.Net.Gguf;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>Compares parts of GGUF tensors, or ranks of a GGUF model, with the model that they were cut from.</summary>
internal sealed class GgufPartsRun
{
    private readonly GgufFile _whole;
    private readonly IReadOnlyList<GgufFile> _parts;
    private readonly RankOrder<GgufFile> _order;
    private readonly PartsVerifyOptions _options;
    private readonly QuantDevice _device;
    private readonly PartsProgress _progress;
    private readonly PartsComparison _comparison;
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];
    private readonly string[] _paths;

    public GgufPartsRun(
        GgufFile whole, IReadOnlyList<GgufFile> parts, PartsVerifyOptions options, QuantDevice device, IProgress<ConversionProgress>? progress,
        CancellationToken cancellation)
    {
        (_whole, _options, _device) = (whole, options, device);
        _order = new RankOrder<GgufFile>(parts, part => part.Parts[0].Path, RankMark.Read);
        _parts = _order.Sorted;
        _paths = [.. _parts.Select(part => part.Parts[0].Path)];
        _progress = new PartsProgress(progress) { BytesTotal = _parts.Sum(part => part.Tensors.Sum(tensor => tensor.ByteLength)) };
        _comparison = new PartsComparison(_paths, options.ChunkBytes, Math.Max(device.Threads, 1), _progress, cancellation);
    }

    public PartsVerifyResult Run()
    {
        var watch = Stopwatch.StartNew();
        IEnumerable<string> misplaced = [];
        if (_options.KnownAxis is null && _order.IsAnyMarked)
        {
            CompareRanks();
        }
        else
        {
            misplaced = CompareTensors();
        }

        return new PartsVerifyResult
        {
            Differences = _comparison.Differences,
            Faults = _faults,
            Warnings = [.. _parts.Prepend(_whole).SelectMany(model => model.Warnings), .. misplaced],
            TensorCount = _comparison.TensorCount,
            BytesRead = _progress.BytesDone,
            Kernels = [.. _kernels],
            Elapsed = watch.Elapsed,
        };
    }

    private void CompareRanks()
    {
        _faults.AddRange(_order.Faults);
        if (_faults.Count == 0)
        {
            _progress.TensorCount = _whole.Tensors.Count;
            new GgufRankParts(new GgufRankPlan(_whole, _parts.Count), _parts, _comparison, _faults).Compare();
        }
    }

    /// <returns>The parts that are not in their places by their names.</returns>
    private IEnumerable<string> CompareTensors()
    {
        _faults.AddRange(PartNames.Missing(_paths));
        bool areMarked = _parts.All(part => part.Tensors.Any(tensor => PartMark.Of(tensor) is not null));
        IEnumerable<string> misplaced = areMarked || _faults.Count > 0 ? [] : PartNames.Misplaced(_paths);
        string[] names = [.. _parts.SelectMany(part => part.Tensors).Select(tensor => tensor.Name).Distinct()];
        if (names.Length == 0)
        {
            _faults.Add("no part has a tensor");
        }

        _progress.TensorCount = names.Length;
        Array.ForEach(names, Compare);
        return misplaced;
    }

    private void Compare(string name)
    {
        List<GgufRows> rows = [];
        foreach (GgufFile model in _parts.Prepend(_whole))
        {
            string? problem = !model.Tensors.TryGet(name, out GgufTensor? tensor) ? $"has no tensor {ErrorText.Quote(name)}"
                : tensor.IsFormatKnown ? null : $"tensor {ErrorText.Quote(name)} has {tensor.FormatName}, which nobody knows how to decode";
            if (problem is null)
            {
                rows.Add(new GgufRows(tensor!, _device, _kernels));
            }
            else
            {
                _faults.Add($"{model.ShownPath}: {problem}");
            }
        }

        if (rows.Count != _parts.Count + 1)
        {
            return;
        }

        GgufRows[] found = [.. rows.Skip(1)];
        if (CutParts.Find(rows[0], found, _options, out string? wrong) is { } cut && cut.IsInOrder(rows[0], found, out wrong))
        {
            _comparison.Compare(rows[0], found, cut.Axis, cut.Ranges);
        }
        else
        {
            _faults.Add(wrong!);
        }
    }
}
