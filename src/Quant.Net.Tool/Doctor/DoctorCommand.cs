using System.CommandLine;
using Quant.Net.Tool.CommandLine;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary><c>quantnet doctor</c>: what this machine has, what would be used, and whether it decodes and encodes correctly.</summary>
internal sealed class DoctorCommand : ToolCommand
{
    private readonly Option<string?> _answers = new("--answers")
    {
        Description = "Compare with the known answers of this file instead of the built-in ones",
        HelpName = "FILE",
    };

    private readonly DeviceOptions _device;
    private readonly ToolConsole _console;

    public DoctorCommand(ToolConsole console)
        : base(
            "doctor",
            "Shows versions, devices and instruction sets, and checks all decoders and encoders against known answers",
            new Example("quantnet doctor", "Everything, on every device and instruction set that is here"),
            new Example("quantnet doctor --device cpu --isa avx2", "Only the AVX2 kernels"),
            new Example("quantnet doctor --json", "The findings, for a script or a bug report"))
    {
        _console = console;
        _device = new DeviceOptions(this, "all devices");
        Options.Add(_answers);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        KnownAnswers answers = parsed.GetValue(_answers) is { } path
            ? await KnownAnswers.ReadAsync(path, cancellation)
            : KnownAnswers.BuiltIn();
        DoctorResult result = Examine(parsed, answers, cancellation);
        if (parsed.GetValue(CommonOptions.Json))
        {
            ResultJson.Write(_console, result, ResultJson.Default.DoctorResult);
        }
        else
        {
            DoctorText.Write(result, _console.CreateReport());
        }

        return result.Healthy ? ExitCode.Done : ExitCode.Failed;
    }

    private DoctorResult Examine(ParseResult parsed, KnownAnswers answers, CancellationToken cancellation)
    {
        IReadOnlyList<DeviceStatus> devices = MachineSurvey.Devices();
        List<DeviceCheck> checks = [];
        foreach ((string device, QuantDeviceOptions options) in Targets(parsed, devices))
        {
            using QuantDevice opened = DeviceOptions.Open(device, options);
            checks.Add(SelfCheck.Run(opened, AnswerComparison.Of(answers), cancellation));
        }

        IReadOnlyList<string> problems = MachineSurvey.Problems();
        return new DoctorResult(
            MachineSurvey.Versions(),
            devices,
            MachineSurvey.InstructionSets(),
            problems,
            Describe(answers),
            checks,
            problems.Count == 0 && checks.All(check => check.Faults.Count == 0));
    }

    /// <summary>Every GPU that can be had, and the CPU once with each instruction set, as far as the options do not name one.</summary>
    private IEnumerable<(string Device, QuantDeviceOptions Options)> Targets(ParseResult parsed, IReadOnlyList<DeviceStatus> devices)
    {
        QuantDeviceOptions asked = _device.Choose(parsed);
        if (_device.DeviceName(parsed) is { } name && name != "cpu")
        {
            yield return (name, asked);
            yield break;
        }

        IEnumerable<InstructionSet> sets = _device.NamesInstructionSet(parsed)
            ? [asked.InstructionSet]
            : QuantDevice.InstructionSets.Where(set => set.Available).Select(set => set.InstructionSet);
        foreach (InstructionSet set in sets)
        {
            yield return ("cpu", new QuantDeviceOptions { Threads = asked.Threads, InstructionSet = set });
        }

        if (_device.DeviceName(parsed) is not null || _device.NamesInstructionSet(parsed))
        {
            yield break;
        }

        foreach (DeviceStatus gpu in devices.Where(device => device.Gpu is not null))
        {
            yield return (gpu.Name, asked);
        }
    }

    private static AnswerFacts Describe(KnownAnswers answers)
    {
        string[] encoders = [.. answers.Encodings.Select(answer => Subjects.NameOf(answer.Format)).Distinct()];
        using QuantDevice cpu = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1, InstructionSet = InstructionSet.Scalar });
        return new AnswerFacts(
            answers.Source,
            answers.Origin,
            answers.All.Select(answer => answer.Format).Distinct().Count(),
            answers.Matrices.Select(answer => answer.Layout).Distinct().Count(),
            encoders.Length,
            [.. answers.All.Where(answer => answer.IsByHand).Select(answer => Subjects.NameOf(answer.Format)).Distinct()],
            [
                .. QuantFormats.All.Select(format => format.Name).Except(answers.All.Select(answer => Subjects.NameOf(answer.Format))),
                .. Subjects.Layouts.Select(one => Subjects.NameOf(one.Layout.Layout, one.Bits))
                    .Except(answers.Matrices.Select(answer => Subjects.NameOf(answer.Layout, answer.Bits))),
            ],
            [
                .. QuantFormats.All
                    .Where(format => cpu.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format.Format).IsSupported)
                    .Select(format => format.Name).Except(encoders),
            ]);
    }
}
