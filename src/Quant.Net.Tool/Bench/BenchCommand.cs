using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
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

    private readonly Option<string> _output = new Option<string>("--to")
    {
        Description = "The type of the decoded weights",
        HelpName = "f32|f16|bf16|all",
        DefaultValueFactory = _ => "f32",
    }.AcceptOnlyFromAmong([.. OutputTypes.All.Select(type => type.Name), All]);

    private readonly Option<string> _cache = new Option<string>("--cache")
    {
        Description = "Where to decode: 64 Ki weights in the L2 cache in one thread, or a large buffer in memory in all threads",
        HelpName = "l2|memory|both",
        DefaultValueFactory = _ => Both,
    }.AcceptOnlyFromAmong(CachePlace.PlaceName, MemoryPlace.PlaceName, Both);

    private readonly Option<long?> _size = new("--size")
    {
        Description = "Size of the large buffer, as f32 (default: 256MiB, 64 Mi weights)",
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

    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public BenchCommand(ToolConsole console)
        : base(
            "bench",
            "Measures how fast each format is decoded, beside the speed of the cache and of memory in the same run",
            new Example("quantnet bench", "Every format to f32, in the cache and out of it, with the best instruction set"),
            new Example("quantnet bench --format 'Q4_*' --to all --isa all", "Some formats to every type with every instruction set"),
            new Example("quantnet bench --cache memory --threads 1", "What one thread does out of cache"),
            new Example("quantnet bench --json", "All figures, for a script"))
    {
        _console = console;
        Options.Add(_formats);
        Options.Add(_output);
        Options.Add(_cache);
        Options.Add(_size);
        Options.Add(_seconds);
        _device = new DeviceOptions(this, "cpu", severalInstructionSets: true);
        SetAction((parsed, cancellation) => Task.Run(() => Run(parsed, cancellation), cancellation));
    }

    private int Run(ParseResult parsed, CancellationToken cancellation)
    {
        IReadOnlyList<QuantFormatInfo> formats = SelectFormats(parsed.GetValue(_formats) ?? []);
        BenchResult result = Measure(parsed, formats, cancellation);
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

    private BenchResult Measure(ParseResult parsed, IReadOnlyList<QuantFormatInfo> formats, CancellationToken cancellation)
    {
        string to = parsed.GetRequiredValue(_output);
        (bool inCache, bool inMemory) = SelectPlaces(parsed);
        long weights = parsed.GetValue(_size) is { } bytes ? bytes / sizeof(float) : MemoryPlace.UsualWeights;
        var outputs = OutputTypes.All.Where(type => to is All || type.Name == to).ToArray();
        var run = new BenchRun(parsed.GetValue(_seconds), cancellation);
        var progress = new BenchProgress(
            parsed.GetValue(CommonOptions.Quiet) ? TextWriter.Null : _console.Error,
            formats.Count * (inCache && inMemory ? 2 : 1));
        if (inCache)
        {
            using var place = new CachePlace();
            MeasureAll(place, OpenDevices(parsed, place.Threads));
        }

        BenchBandwidth? bandwidth = null;
        if (inMemory)
        {
            IReadOnlyList<QuantDevice> devices = OpenDevices(parsed, threads: null);
            int threads = devices[0].Kind == QuantDeviceKind.Cpu ? devices[0].Threads : Environment.ProcessorCount;
            using MemoryPlace place = MemoryPlace.Create(weights, threads);
            bandwidth = run.MeasureBandwidth(place);
            MeasureAll(place, devices);
        }

        return new BenchResult(DateTimeOffset.Now, BenchMachine.Here(), bandwidth, run.Measurements);

        void MeasureAll(BenchPlace place, IReadOnlyList<QuantDevice> devices)
        {
            try
            {
                foreach (QuantFormatInfo format in formats)
                {
                    run.Measure(place, format, outputs, [.. devices.Select(device => new DeviceDecoder(device))]);
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

    // The cache is the processor's: other devices have nothing to do there.
    private (bool InCache, bool InMemory) SelectPlaces(ParseResult parsed)
    {
        string cache = parsed.GetRequiredValue(_cache);
        using QuantDevice device = DeviceOptions.Open(DeviceName(parsed), _device.ChooseSeveral(parsed)[0]);
        return (cache, device.Kind) switch
        {
            (MemoryPlace.PlaceName, _) => (false, true),
            (_, QuantDeviceKind.Cpu) => (true, cache is Both),
            (Both, _) => (false, true),
            _ => throw new UsageException($"--cache {cache}: device {device.Name} does not decode into the processor's cache"),
        };
    }

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
            result.AddError($"--size: {bytes} bytes, expected {Quantity.Bytes(Least)} at least");
        }

        return bytes;
    }

    private static double ParseSeconds(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || seconds <= 0)
        {
            result.AddError($"--seconds: '{text}' is not a time in seconds, such as 0.5");
        }

        return seconds;
    }
}
