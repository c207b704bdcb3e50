using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Quant.Net.Native;

namespace Quant.Net.Benchmarks.Api;

/// <summary>One block of Q4_K: what the way through .NET adds to the native call.</summary>
public unsafe class OneBlock : IDisposable
{
    private const QuantFormat Format = QuantFormat.Q4_K;

    // Pinned, so that all calls find them at the same place.
    private readonly byte[] _packed = GC.AllocateArray<byte>(QuantFormats.Get(Format).BytesPerBlock, pinned: true);
    private readonly float[] _weights = GC.AllocateArray<float>(QuantFormats.Get(Format).ValuesPerBlock, pinned: true);
    private readonly QuantDevice _device = QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = 1 });
    private readonly DeviceHandle _handle;
    private readonly nint _nativeDevice;
    private readonly delegate* unmanaged[SuppressGCTransition]<nint, QuantFormat, void*, nuint, QuantFormat, void*, nuint, int> _native;

    /// <summary>Opens the devices.</summary>
    public OneBlock()
    {
        var options = new qn_device_options { struct_size = (uint)sizeof(qn_device_options), threads = 1 };
        fixed (byte* name = "cpu\0"u8)
        {
            _ = NativeMethods.qn_device_open(name, &options, out _handle);
        }

        _nativeDevice = _handle.DangerousGetHandle();
        _native = (delegate* unmanaged[SuppressGCTransition]<nint, QuantFormat, void*, nuint, QuantFormat, void*, nuint, int>)
            NativeLibrary.GetExport(NativeLibrary.Load(QuantNetLibrary.Path), "qn_dequantize");
    }

    private void* Source => Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_packed));

    private nuint SourceBytes => (nuint)_packed.Length;

    private void* Destination => Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_weights));

    private nuint DestinationBytes => (nuint)_weights.Length * sizeof(float);

    /// <summary>As C calls it: through a pointer, without anything that .NET does around a call.</summary>
    [Benchmark(Baseline = true, Description = "native call")]
    public void Native() => _native(
        _nativeDevice, Format, Source, SourceBytes, QuantFormat.F32, Destination, DestinationBytes);

    /// <summary>Through the method that takes pointers.</summary>
    [Benchmark(Description = "pointers")]
    public void Pointers() =>
        _device.Dequantize(Format, Source, SourceBytes, QuantFormat.F32, Destination, DestinationBytes);

    /// <summary>Through the method that takes spans.</summary>
    [Benchmark(Description = "spans")]
    public void Spans() => _device.Dequantize(Format, _packed, _weights);

    /// <summary>Closes the devices.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _device.Dispose();
        _handle.Dispose();
        GC.SuppressFinalize(this);
    }
}
