using Quant.Net.Native;

namespace Quant.Net;

/// <summary>
/// A device that decodes: the processor with a pool of threads, or a GPU. Everything but <see cref="Dispose"/> may be called from any
/// number of threads at a time, and the results are the same bits on every device, instruction set and number of threads.
/// </summary>
/// <example>
/// <code>
/// using QuantDevice device = QuantDevice.Open("cpu");
/// device.Dequantize(QuantFormat.Q4_K, packed, floats);
/// </code>
/// </example>
public sealed unsafe partial class QuantDevice : IDisposable
{
    private static readonly Lazy<IReadOnlyList<InstructionSetInfo>> Sets = new(LoadInstructionSets);

    private readonly DeviceHandle _handle;
    private readonly QuantDeviceInfo _info;

    // The handle itself counts as open until the last call on it ends, so calls that keep overlapping would keep it open for ever.
    private volatile bool _disposed;

    private QuantDevice(DeviceHandle handle, long memoryLimit)
    {
        _handle = handle;
        MemoryLimit = memoryLimit;
        qn_device_info info = new() { struct_size = (uint)sizeof(qn_device_info) };
        Status.ThrowIfFailed(NativeMethods.qn_device_describe(handle, &info));
        _info = new QuantDeviceInfo(in info);
    }

    /// <summary>The instruction sets that the library knows, lowest first, and whether this machine has them.</summary>
    public static IReadOnlyList<InstructionSetInfo> InstructionSets => Sets.Value;

    /// <summary>
    /// The number of GPUs that the CUDA driver finds, also those that cannot be used: <see cref="Open"/> says of each "cuda:N" below this
    /// number what it is or why it cannot be had. 0 without a driver.
    /// </summary>
    public static int GpuCount => (int)NativeMethods.qn_gpu_count();

    /// <summary>
    /// The kernel that did the work of the last call that succeeded in this thread, such as "avx512/Q4_K/f32"; "" before the first.
    /// </summary>
    public static string LastKernel => NativeText.Read(NativeMethods.qn_last_kernel());

    /// <inheritdoc cref="QuantDeviceInfo.Name"/>
    public string Name => _info.Name;

    /// <inheritdoc cref="QuantDeviceInfo.Description"/>
    public string Description => _info.Description;

    /// <inheritdoc cref="QuantDeviceInfo.Kind"/>
    public QuantDeviceKind Kind => _info.Kind;

    /// <inheritdoc cref="QuantDeviceInfo.Threads"/>
    public int Threads => _info.Threads;

    /// <summary>What is known of the device.</summary>
    public QuantDeviceInfo Info => _info;

    /// <inheritdoc cref="QuantDeviceInfo.InstructionSet"/>
    public InstructionSet InstructionSet => _info.InstructionSet;

    /// <summary>GPU: bytes of its memory, and of pinned memory, that work on the host's memory may take.</summary>
    internal long MemoryLimit { get; }

    /// <summary>Opens a device.</summary>
    /// <param name="name">
    /// "cpu", "cuda:N", or "auto": a usable CUDA device, else the CPU; <see cref="Description"/> tells which, and why GPUs that cannot be
    /// used were not taken. There is no other fall-back.
    /// </param>
    /// <param name="options">How, or null for defaults.</param>
    /// <returns>The device; dispose of it after use.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no name of a device, or an option is out of range.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine does not have the device or the instruction set.</exception>
    /// <exception cref="QuantNetException">The operating system refused, or <c>QUANTNET_ISA</c> names no instruction set.</exception>
    /// <exception cref="OutOfMemoryException">There is no memory for it.</exception>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    public static QuantDevice Open(string name = "auto", QuantDeviceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Contains('\0'))
        {
            throw new ArgumentException("The name contains a zero character.", nameof(name));
        }

        qn_device_options native = NativeOptions(options ?? new QuantDeviceOptions());
        fixed (byte* text = NativeText.Write(name))
        {
            NativeStatus status = NativeMethods.qn_device_open(text, &native, out DeviceHandle handle);
            try
            {
                Status.ThrowIfFailed(status, nameof(name));
                return new QuantDevice(handle, (long)native.memory_limit);
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }
    }

    /// <summary>Lists the devices of this machine that could be opened now. The CPU is always the first.</summary>
    /// <returns>Each device as it would be with default options.</returns>
    /// <exception cref="DllNotFoundException">The native library was not found.</exception>
    public static IReadOnlyList<QuantDeviceInfo> Enumerate()
    {
        QuantDeviceInfo[] devices = new QuantDeviceInfo[(int)NativeMethods.qn_device_count()];
        for (int i = 0; i < devices.Length; i++)
        {
            qn_device_info info = new() { struct_size = (uint)sizeof(qn_device_info) };
            Status.ThrowIfFailed(NativeMethods.qn_device_at((nuint)i, &info));
            devices[i] = new QuantDeviceInfo(in info);
        }

        return devices;
    }

    /// <summary>Asks whether and how this device does an operation.</summary>
    /// <param name="operation">What is to be done.</param>
    /// <param name="from">The format of the source.</param>
    /// <param name="to">The format of the result.</param>
    /// <returns>The answer; <see cref="QuantCapability.IsSupported"/> is false for what the device cannot do.</returns>
    /// <exception cref="ArgumentException">A format is unknown.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed of.</exception>
    public QuantCapability GetCapability(QuantOperation operation, QuantFormat from, QuantFormat to)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        qn_capability capability = new() { struct_size = (uint)sizeof(qn_capability) };
        Status.ThrowIfFailed(NativeMethods.qn_device_capability(_handle, operation, from, to, &capability));
        return new QuantCapability(in capability);
    }

    /// <summary>Closes the device and ends its threads, as soon as no call runs on it.</summary>
    public void Dispose()
    {
        _disposed = true;
        _handle.Dispose();
    }

    /// <summary>The device's name and description.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => _info.ToString();

    private static qn_device_options NativeOptions(QuantDeviceOptions options)
    {
        if (options.Threads is < 0 or > QuantDeviceOptions.MaxThreads)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                $"{nameof(options.Threads)} is {options.Threads}, expected 0 to {QuantDeviceOptions.MaxThreads}.");
        }

        if (options.MemoryLimit is not 0 and < QuantDeviceOptions.MinMemoryLimit)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options),
                $"{nameof(options.MemoryLimit)} is {options.MemoryLimit}, expected 0 or at least {QuantDeviceOptions.MinMemoryLimit}.");
        }

        if (options.InstructionSet != InstructionSet.Auto && InstructionSets.All(set => set.InstructionSet != options.InstructionSet))
        {
            throw new ArgumentException($"Instruction set {(int)options.InstructionSet} is unknown.", nameof(options));
        }

        return new qn_device_options
        {
            struct_size = (uint)sizeof(qn_device_options),
            threads = (uint)(options.Threads == 0 ? Math.Min(Environment.ProcessorCount, QuantDeviceOptions.MaxThreads) : options.Threads),
            isa = options.InstructionSet == InstructionSet.Auto ? InstructionSetVariable.Read(InstructionSets) : options.InstructionSet,
            memory_limit = (ulong)(options.MemoryLimit == 0 ? QuantDeviceOptions.DefaultMemoryLimit : options.MemoryLimit),
        };
    }

    private static IReadOnlyList<InstructionSetInfo> LoadInstructionSets()
    {
        InstructionSetInfo[] sets = new InstructionSetInfo[(int)NativeMethods.qn_isa_count()];
        for (int i = 0; i < sets.Length; i++)
        {
            qn_isa_info info = new() { struct_size = (uint)sizeof(qn_isa_info) };
            Status.ThrowIfFailed(NativeMethods.qn_isa_at((nuint)i, &info));
            sets[i] = new InstructionSetInfo(in info);
        }

        return Array.AsReadOnly(sets);
    }
}
