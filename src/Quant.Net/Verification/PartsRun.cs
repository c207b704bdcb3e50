using System.Diagnostics;
using Quant.Net.IO;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>What comparing the parts of a safetensors model with the whole needs and finds.</summary>
internal sealed class PartsRun(
    SafetensorsModel whole, IReadOnlyList<SafetensorsModel> parts, PartsVerifyOptions options, QuantDevice device,
    IProgress<ConversionProgress>? progress, CancellationToken cancellation)
{
    // Files that were cut from one module say so, because they have to stand alone.
    private const string CutKey = "quantnet.layout";

    // Each is told of once, whatever else of it is missed.
    private readonly HashSet<(SafetensorsModel Model, string Module)> _broken = [];
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly PartsProgress _progress = new(progress);

    private readonly RankOrder<SafetensorsModel> _order = new(parts, part => part.Path, RankMark.Read);

    /// <summary>The parts, in order.</summary>
    public IReadOnlyList<SafetensorsModel> Parts => field ??= _order.Sorted;

    /// <summary>What is wrong.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>Compares weights.</summary>
    public PartsComparison Comparison => field ??= new(Paths, options.ChunkBytes, Math.Max(device.Threads, 1), _progress, cancellation);

    private string[] Paths => [.. Parts.Select(part => part.Path)];

    /// <summary>Compares everything.</summary>
    public PartsVerifyResult Run()
    {
        var watch = Stopwatch.StartNew();
        bool areRanks = _order.AreMarked, areMarked = areRanks || Parts.All(part => part.Files.All(file => PartMark.Of(file) is not null));
        string[] incomplete = [.. _order.Faults, .. areRanks ? [] : PartNames.Missing(Paths)];
        Faults.AddRange(incomplete);
        if (options.KnownAxis is not null || Parts.All(IsCut))
        {
            new CutModules(whole, options, this).Compare();
        }
        else if (Parts.Any(IsCut))
        {
            Faults.Add("some parts are of whole models and others of single modules, expected one kind");
        }
        else if (incomplete.Length == 0)
        {
            new RankParts(new SafetensorsRankPlan(whole, Parts.Count), this).Compare();
        }

        return new PartsVerifyResult
        {
            Differences = Comparison.Differences,
            Faults = Faults,
            Warnings =
            [
                .. Parts.Prepend(whole).SelectMany(model => model.Warnings),
                .. areMarked || incomplete.Length > 0 ? [] : PartNames.Misplaced(Paths),
            ],
            TensorCount = Comparison.TensorCount,
            BytesRead = _progress.BytesDone,
            Kernels = [.. _kernels],
            Elapsed = watch.Elapsed,
        };
    }

    /// <summary>Says how much there is to compare.</summary>
    public void Expect(IEnumerable<SafetensorsTensor> tensors, int count) =>
        (_progress.BytesTotal, _progress.TensorCount) = (tensors.Sum(tensor => tensor.ByteLength), count);

    /// <summary>The packed modules of a model by their names. Why others cannot be read is a fault if one that is needed (null: any) is missing.</summary>
    public Dictionary<string, PackedModule> ModulesOf(SafetensorsModel model, IEnumerable<string>? needed)
    {
        var survey = PackedModuleSurvey.Of(model, cancellationToken: cancellation);
        var modules = survey.Modules.DistinctBy(module => module.Name).ToDictionary(module => module.Name, StringComparer.Ordinal);
        if (needed?.All(modules.ContainsKey) != true)
        {
            Faults.AddRange(survey.Faults);
            _broken.UnionWith(survey.Unreadable.Select(module => (model, module)));
        }

        return modules;
    }

    /// <summary>Adds the fault that a model lacks a module, unless one tells already why it cannot be read.</summary>
    public void AddMissing(SafetensorsModel model, string module, string more = "")
    {
        if (_broken.Add((model, module)))
        {
            Faults.Add($"{ErrorText.EscapePath(model.Path)}: has no packed module {ErrorText.Quote(module)}{more}");
        }
    }

    /// <summary>Whether a fault tells already of the module that a tensor is of.</summary>
    public bool IsTold(SafetensorsModel model, SafetensorsTensor tensor) => _broken.Contains((model, PackedModuleSurvey.ModuleOf(tensor)));

    /// <summary>A module as rows that decode.</summary>
    public ModuleRows RowsOf(PackedModule module) => new(module, device, _kernels);

    /// <summary>Whether a module of a part is packed as it should be, and has the shape; else that is a fault.</summary>
    public bool HasShape(IWeightRows part, string kind, long rows, long columns)
    {
        string? problem = part.Kind != kind ? $"is {part.Kind}, expected {kind}"
            : part.Rows != rows || part.Columns != columns
            ? ErrorText.Invariant($"has the shape [{part.Rows}, {part.Columns}], expected [{rows}, {columns}]")
            : null;
        if (problem is not null)
        {
            Faults.Add($"{part.Place} {problem}");
        }

        return problem is null;
    }

    /// <summary>The tensor of a part if it is there and looks as it should; else that is a fault.</summary>
    public SafetensorsTensor? Find(SafetensorsModel part, SafetensorsTensor like, IReadOnlyList<long> shape)
    {
        if (!part.Tensors.TryGet(like.Name, out SafetensorsTensor? tensor))
        {
            Faults.Add($"{ErrorText.EscapePath(part.Path)}: has no tensor {ErrorText.Quote(like.Name)}");
            return null;
        }

        if (tensor.Type == like.Type && tensor.Shape.SequenceEqual(shape))
        {
            return tensor;
        }

        Faults.Add(ErrorText.Invariant(
            $"{ErrorText.EscapePath(tensor.File.Path)}: {ErrorText.Quote(like.Name)} is {tensor.Type} of the shape [{string.Join(", ", tensor.Shape)}], expected {like.Type} of [{string.Join(", ", shape)}]"));
        return null;
    }

    private static bool IsCut(SafetensorsModel part) => part.Files.All(file => file.Metadata.ContainsKey(CutKey));
}
