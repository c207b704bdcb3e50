using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Gguf;
using Quant.Net.Tool.Bench.Gpu;
using Quant.Net.Tool.Bench.Matrices;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Bench;

/// <summary><c>quantnet bench</c>: how fast this machine decodes, beside how fast its memory is.</summary>
internal sealed class BenchCommand : ToolCommand
{
    private const string All = "all";
    private const string Both = "both";

    private readonly Option<NamePattern[]> _formats = new("--format")
    {
        Description = "Only formats whose name matches, such as 'Q?_K'; may be repeated",
        HelpName = "GLOB",
        CustomParser = ParsePatterns,
    };

    private readonly Option<LayoutPattern[]> _layouts = new("--layout")
    {
        Description = "Only layouts of packed matrices whose name matches, such as 'GPTQ' or 'AWQ*', with all bits or those given; may be repeated",
        HelpName = "GLOB[:BITS]",
        CustomParser = LayoutPattern.Parse,
    };

    private readonly Option<string> _order = new Option<string>("--order")
    {
        Description = "With --layout: the order of the decoded weights",
        HelpName = "rows|columns|both",
        DefaultValueFactory = _ => "rows",
    }.TakeOneOf([.. MatrixOrders.All.Select(MatrixOrders.NameOf), Both]);

    private readonly Option<bool> _actOrder = new("--act-order")
    {
        Description = "With --layout: matrices with a list that names the group of each input, in no order; in layouts that may have one",
    };

    private readonly Option<string> _output = new Option<string>("--to")
    {
        Description = "The type of the decoded weights",
        HelpName = "f32|f16|bf16|all",
        DefaultValueFactory = _ => "f32",
    }.TakeOneOf([.. OutputTypes.All.Select(type => type.Name), All]);

    private readonly Option<string> _cache = new Option<string>("--cache")
    {
        Description = "Where to decode: 64 Ki weights in the L2 cache in one thread, or a large buffer in memory in all threads",
        HelpName = "l2|memory|both",
        DefaultValueFactory = _ => Both,
    }.TakeOneOf(CachePlace.PlaceName, MemoryPlace.PlaceName, Both);

    private readonly Option<long?> _size = new("--size")
    {
        Description = "Size of the large buffer, as f32 (default: 256MiB, 64 Mi weights; on a GPU 1GiB)",
        HelpName = "SIZE",
        CustomParser = ParseSize,
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "About how long to measure each line of the result",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 0.2,
        CustomParser = ParseSeconds,
    };

    private readonly Option<string?> _load = new("--load")
    {
        Description = "GPU: also measure how fast a model is loaded; without MODEL, one that is made for this",
        HelpName = "MODEL",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public BenchCommand(ToolConsole console)
        : base(
            "bench",
            "Measures how fast each format is decoded, beside the speed of the cache, of memory or of a GPU's memory in the same run",
            new Example("quantnet bench", "Every format to f32, in the cache and out of it, with the best instruction set"),
            new Example("quantnet bench --format 'Q4_*' --to all --isa all", "Some formats to every type with every instruction set"),
            new Example("quantnet bench --layout GPTQ:4 --layout 'AWQ*' --order both", "Packed matrices, by rows and by columns"),
            new Example("quantnet bench --layout GPTQ --act-order --device cuda:0 --to f16", "Packed matrices with act-order on a GPU"),
            new Example("quantnet bench --cache memory --threads 1", "What one thread does out of cache"),
            new Example("quantnet bench --device cuda:0 --to all --load", "A GPU, and loading a model into its memory"),
            new Example("quantnet bench --json", "All figures, for a script"))
    {
        _console = console;
        Options.Add(_formats);
        Options.Add(_layouts);
        Options.Add(_order);
        Options.Add(_actOrder);
        Options.Add(_output);
        Options.Add(_cache);
        Options.Add(_size);
        Options.Add(_seconds);
        Options.Add(_load);
        _device = new DeviceOptions(this, "cpu", severalInstructionSets: true);
        SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        LayoutPattern[] patterns = parsed.GetValue(_layouts) ?? [];
        bool actOrder = parsed.GetValue(_actOrder);
        (PackedMatrixLayoutInfo Layout, int Bits)[] layouts = LayoutPattern.Select(patterns, actOrder);
        if (patterns.Length == 0 && parsed.GetResult(_order) is { Implicit: false })
        {
            throw new UsageException("--order: formats have none; it goes with --layout");
        }

        if (patterns.Length == 0 && actOrder)
        {
            throw new UsageException("--act-order: formats have none; it goes with --layout");
        }

        IReadOnlyList<QuantFormatInfo> formats =
            patterns.Length > 0 && parsed.GetResult(_formats) is null ? [] : SelectFormats(parsed.GetValue(_formats) ?? []);
        using QuantDevice device = DeviceOptions.Open(DeviceName(parsed), _device.ChooseSeveral(parsed)[0]);
        BenchResult result = device.Kind == QuantDeviceKind.Cpu
            ? MeasureCpu(parsed, formats, layouts, cancellation)
            : MeasureGpu(parsed, device, formats, layouts, cancellation);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, result, ResultJson.Default.BenchResult);
        }
        else
        {
            BenchText.Write(result, _console.CreateReport());
        }

        return ExitCode.Done;
    }

    private BenchResult MeasureCpu(
        ParseResult parsed,
        IReadOnlyList<QuantFormatInfo> formats,
        IReadOnlyList<(PackedMatrixLayoutInfo Layout, int Bits)> layouts,
        CancellationToken cancellation)
    {
        if (parsed.GetResult(_load) is not null)
        {
            throw new UsageException("--load: the CPU has no memory of its own to load a model into; --device names a GPU");
        }

        string cache = parsed.GetRequiredValue(_cache);
        bool inCache = cache is CachePlace.PlaceName or Both, inMemory = cache is MemoryPlace.PlaceName or Both;
        if (inMemory && Weights(parsed) is { } weights)
        {
            MemoryPlace.RequireRoom(weights);
        }

        var run = new BenchRun(parsed.GetValue(_seconds), cancellation);
        BenchProgress progress = CreateProgress(parsed, (formats.Count + layouts.Count) * (inCache && inMemory ? 2 : 1));
        if (inCache)
        {
            using var place = new CachePlace();
            MeasureAll(place, OpenDevices(parsed, place.Threads));
        }

        BenchBandwidth? bandwidth = null;
        if (inMemory)
        {
            IReadOnlyList<QuantDevice> devices = OpenDevices(parsed, threads: null);
            using MemoryPlace place = MemoryPlace.Create(Weights(parsed) ?? MemoryPlace.UsualWeights, devices[0].Threads);
            bandwidth = run.MeasureBandwidth(place);
            MeasureAll(place, devices);
        }

        return new BenchResult(DateTimeOffset.Now, BenchMachine.Here(), bandwidth, Gpu: null, Load: null, run.Measurements);

        void MeasureAll(BenchPlace place, IReadOnlyList<QuantDevice> devices)
        {
            try
            {
                foreach (QuantFormatInfo format in formats)
                {
                    run.Measure(place, format, Outputs(parsed), [.. devices.Select(device => new DeviceDecoder(device))]);
                    progress.StepDone();
                }

                foreach ((PackedMatrixLayoutInfo layout, int bits) in layouts)
                {
                    run.Measure(place, MatrixShape.Of(layout, bits, place.Weights, parsed.GetValue(_actOrder)), Outputs(parsed), Orders(parsed), devices);
                    progress.StepDone();
                }
            }
            finally
            {
                foreach (QuantDevice device in devices)
                {
                    device.Dispose();
                }
            }
        }
    }

    private BenchResult MeasureGpu(
        ParseResult parsed,
        QuantDevice gpu,
        IReadOnlyList<QuantFormatInfo> formats,
        IReadOnlyList<(PackedMatrixLayoutInfo Layout, int Bits)> layouts,
        CancellationToken cancellation)
    {
        if (parsed.GetResult(_cache) is { Implicit: false })
        {
            throw new UsageException($"--cache: device {gpu.Name} decodes in its own memory");
        }

        string? model = parsed.GetValue(_load) is { } path ? InputFile.Require(path) : null;
        double seconds = parsed.GetValue(_seconds);
        (BenchGpu facts, IReadOnlyList<BenchMeasurement> measurements) = MeasureKernels();
        BenchLoad? load = parsed.GetResult(_load) is null ? null : MeasureLoad(parsed, gpu, model, cancellation);
        return new BenchResult(DateTimeOffset.Now, BenchMachine.Here(), Bandwidth: null, facts, load, measurements);

        // All else comes behind formats and layouts, each of which is timed when it is used for the first time.
        (BenchGpu Facts, IReadOnlyList<BenchMeasurement> Measurements) MeasureKernels()
        {
            using GpuArena arena = GpuArena.Create(gpu, Weights(parsed) ?? GpuRun.UsualWeights);
            using var run = new GpuRun(gpu, arena, seconds, cancellation);
            BenchProgress progress = CreateProgress(parsed, formats.Count + layouts.Count);
            foreach (QuantFormatInfo format in formats)
            {
                run.Measure(format, Outputs(parsed));
                progress.StepDone();
            }

            foreach ((PackedMatrixLayoutInfo layout, int bits) in layouts)
            {
                run.Measure(MatrixShape.Of(layout, bits, arena.Weights, parsed.GetValue(_actOrder)), Outputs(parsed), Orders(parsed));
                progress.StepDone();
            }

            return (run.MeasureGpu(), run.Measurements);
        }
    }

    private BenchLoad MeasureLoad(ParseResult parsed, QuantDevice gpu, string? path, CancellationToken cancellation)
    {
        long weights = (Weights(parsed) ?? GpuRun.UsualWeights) / MemoryPlace.PieceWeights * MemoryPlace.PieceWeights;
        using MadeModel? made = path is null ? MadeModel.Write(weights, gpu.GetMemory().Free, cancellation) : null;
        using GgufFile model = GgufFile.Open(path ?? made!.Path);
        return new LoadRun(gpu, model, parsed.GetValue(_seconds), cancellation).Measure();
    }

    private long? Weights(ParseResult parsed) => parsed.GetValue(_size) / sizeof(float);

    private (string Name, QuantFormat Format)[] Outputs(ParseResult parsed)
    {
        string to = parsed.GetRequiredValue(_output);
        return [.. OutputTypes.All.Where(type => to is All || type.Name == to)];
    }

    private MatrixOrder[] Orders(ParseResult parsed)
    {
        string order = parsed.GetRequiredValue(_order);
        return [.. MatrixOrders.All.Where(one => order is Both || MatrixOrders.NameOf(one) == order)];
    }

    private BenchProgress CreateProgress(ParseResult parsed, int steps) =>
        new(parsed.GetValue(CommonOptions.Quiet) ? TextWriter.Null : _console.Error, steps);

    private string DeviceName(ParseResult parsed) => _device.DeviceName(parsed) ?? "cpu";

    private IReadOnlyList<QuantDevice> OpenDevices(ParseResult parsed, int? threads) =>
        [
            .. _device.ChooseSeveral(parsed).Select(options => DeviceOptions.Open(
                DeviceName(parsed),
                new QuantDeviceOptions { Threads = threads ?? options.Threads, InstructionSet = options.InstructionSet })),
        ];

    private static IReadOnlyList<QuantFormatInfo> SelectFormats(NamePattern[] patterns)
    {
        NamePattern? idle = patterns.FirstOrDefault(pattern => !QuantFormats.All.Any(format => pattern.IsMatch(format.Name)));
        return idle is not null ? throw new ToolException($"--format: no format matches '{idle}'")
            : patterns.Length == 0 ? QuantFormats.All
            : [.. QuantFormats.All.Where(format => patterns.Any(pattern => pattern.IsMatch(format.Name)))];
    }

    private static NamePattern[]? ParsePatterns(ArgumentResult result)
    {
        try
        {
            return [.. result.Tokens.Select(token => new NamePattern(token.Value))];
        }
        catch (FormatException malformed)
        {
            result.AddError($"--format: {malformed.Message}");
            return null;
        }
    }

    private static long? ParseSize(ArgumentResult result)
    {
        const long Least = MemoryPlace.PieceWeights * sizeof(float);
        long? bytes = ByteSize.Parse(result);
        if (bytes < Least)
        {
            result.AddError($"--size: '{result.Tokens[0].Value}' is too little, expected at least {Quantity.Bytes(Least)}");
        }

        return bytes;
    }

    private static double ParseSeconds(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || !(seconds > 0) || !double.IsFinite(seconds))
        {
            result.AddError($"--seconds: '{text}' is not a time in seconds, such as 0.5");
        }

        return seconds;
    }
}
