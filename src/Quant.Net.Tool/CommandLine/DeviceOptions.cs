using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The options that say which hardware does the work, for the commands that decode.</summary>
internal sealed class DeviceOptions
{
    private const string All = "all";

    private readonly Option<string?> _device;

    private readonly Option<int> _threads = new("--threads")
    {
        Description = "Threads that work (default: one for each processor; on a GPU at most 8)",
        HelpName = "N",
        CustomParser = ParseThreads,
    };

    private readonly Option<long?> _gpuMemory = new("--gpu-memory")
    {
        Description = "Memory of a GPU to work in, such as 256MiB, and again as much of the host (default: 64MiB)",
        HelpName = "SIZE",
        CustomParser = ParseGpuMemory,
    };

    private readonly Option<string?> _instructionSet;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withoutDevice">What happens when <c>--device</c> is left out, for the help.</param>
    /// <param name="severalInstructionSets">Whether <c>--isa all</c> is possible; then <see cref="ChooseSeveral"/> reads it.</param>
    public DeviceOptions(Command command, string withoutDevice, bool severalInstructionSets = false)
    {
        string[] sets = ["scalar", "avx2", "avx512", "avx512vbmi", .. severalInstructionSets ? [All] : Array.Empty<string>()];
        _instructionSet = new Option<string?>("--isa")
        {
            Description = "Instruction set of the CPU device (default: the best that this machine has)",
            HelpName = string.Join('|', sets),
        };
        _device = new Option<string?>("--device")
        {
            Description = $"The device that does the work (default: {withoutDevice})",
            HelpName = "cpu|cuda:N|auto",
        };
        _instructionSet.CompletionSources.Add(sets);
        _device.CompletionSources.Add("cpu", "cuda:0", "auto");
        command.Options.Add(_device);
        command.Options.Add(_threads);
        command.Options.Add(_instructionSet);
        command.Options.Add(_gpuMemory);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_gpuMemory) is { Implicit: false } && (result.GetValue(_device) ?? withoutDevice) == "cpu")
            {
                result.AddError("--gpu-memory goes with --device cuda:N or auto");
            }
        });
    }

    /// <summary>The device that was named, or null.</summary>
    public string? DeviceName(ParseResult parsed) => parsed.GetValue(_device);

    /// <summary>Whether <c>--isa</c> was given.</summary>
    public bool NamesInstructionSet(ParseResult parsed) => parsed.GetValue(_instructionSet) is not null;

    /// <summary>Opens the device that was named, or the one given.</summary>
    /// <exception cref="UsageException">The name is no device's, or an option has a value that none can have.</exception>
    public QuantDevice Open(ParseResult parsed, string otherwise) =>
        Open(DeviceName(parsed) ?? otherwise, Choose(parsed));

    /// <summary>What <c>--threads</c>, <c>--isa</c> and <c>--gpu-memory</c> ask for.</summary>
    /// <exception cref="UsageException">No instruction set has the name given.</exception>
    public QuantDeviceOptions Choose(ParseResult parsed) => new()
    {
        Threads = parsed.GetValue(_threads),
        InstructionSet = parsed.GetValue(_instructionSet) is { } name ? FindInstructionSet(name) : InstructionSet.Auto,
        MemoryLimit = parsed.GetValue(_gpuMemory) ?? 0,
    };

    /// <summary>The same, once for each available instruction set if <c>--isa all</c> asks for that.</summary>
    /// <exception cref="UsageException">No instruction set has the name given.</exception>
    public IReadOnlyList<QuantDeviceOptions> ChooseSeveral(ParseResult parsed) => parsed.GetValue(_instructionSet) is not All
        ? [Choose(parsed)]
        :
        [
            .. QuantDevice.InstructionSets.Where(set => set.Available).Select(set =>
                new QuantDeviceOptions { Threads = parsed.GetValue(_threads), InstructionSet = set.InstructionSet }),
        ];

    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">The name is no device's, or an option has a value that none can have.</exception>
    public static QuantDevice Open(string name, QuantDeviceOptions options)
    {
        try
        {
            return QuantDevice.Open(name, options);
        }
        catch (ArgumentException refused)
        {
            throw new UsageException(ErrorText.Describe(refused));
        }
    }

    private static InstructionSet FindInstructionSet(string name)
    {
        foreach (InstructionSetInfo known in QuantDevice.InstructionSets)
        {
            if (string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return known.InstructionSet;
            }
        }

        throw new UsageException(
            $"--isa: '{name}' is no instruction set; there are {string.Join(", ", QuantDevice.InstructionSets.Select(set => set.Name))}");
    }

    private static long? ParseGpuMemory(ArgumentResult result)
    {
        long? bytes = ByteSize.Parse(result);
        if (bytes < QuantDeviceOptions.MinMemoryLimit)
        {
            result.AddError($"--gpu-memory: '{result.Tokens[0].Value}' is too little, expected at least {Quantity.Bytes(QuantDeviceOptions.MinMemoryLimit)}");
        }

        return bytes;
    }

    private static int ParseThreads(ArgumentResult result)
    {
        string text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int threads)
            || threads is 0 or > QuantDeviceOptions.MaxThreads)
        {
            result.AddError($"--threads: '{text}' is not a number of threads from 1 to {QuantDeviceOptions.MaxThreads}");
        }

        return threads;
    }
}
