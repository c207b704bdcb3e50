using Quant.Net.Native;

namespace Quant.Net.Tests.Devices;

[Collection(nameof(EnvironmentCollection))]
public class QuantDeviceTests
{
    [Fact]
    public void TheCpuIsAlwaysTheFirstDevice()
    {
        QuantDeviceInfo cpu = QuantDevice.Enumerate()[0];
        Assert.Equal(("cpu", QuantDeviceKind.Cpu, 0), (cpu.Name, cpu.Kind, cpu.Index));
        Assert.DoesNotContain(cpu.Description, char.IsControl);
        Assert.Equal($"cpu: {cpu.Description}", cpu.ToString());
    }

    [Fact]
    public void OpensWithDefaults()
    {
        using QuantDevice device = QuantDevice.Open("cpu");
        Assert.Equal(("cpu", QuantDeviceKind.Cpu), (device.Name, device.Kind));
        Assert.Equal(Environment.ProcessorCount, device.Threads);
        Assert.NotEqual(InstructionSet.Auto, device.InstructionSet);
        Assert.Contains(InfoOf(device.InstructionSet).Name, device.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void AutoOpensADeviceThatIsThere()
    {
        using QuantDevice device = QuantDevice.Open();
        Assert.Contains(device.Name, QuantDevice.Enumerate().Select(info => info.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("CPU")]
    [InlineData("cpu ")]
    [InlineData("cuda")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    [InlineData("cpu\0")]
    [InlineData("gpu\n\u001b[31m")]
    public void AMalformedNameIsRefused(string name)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => QuantDevice.Open(name));
        Assert.Equal("name", e.ParamName);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void AMissingNameIsRefused() => Assert.Throws<ArgumentNullException>(() => QuantDevice.Open(null!));

    [Fact]
    public void ADeviceThatIsNotThereIsRefusedWithTheReason()
    {
        PlatformNotSupportedException e = Assert.Throws<PlatformNotSupportedException>(() => QuantDevice.Open("cuda:999"));
        Assert.Contains("cuda:999", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(QuantDeviceOptions.MaxThreads + 1)]
    public void AWrongNumberOfThreadsIsRefused(int threads) => Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(
        () => QuantDevice.Open("cpu", new() { Threads = threads })).ParamName);

    [Fact]
    public unsafe void TheLibraryHasTheSameLimitOfThreads()
    {
        qn_device_options options = new()
        {
            struct_size = (uint)sizeof(qn_device_options),
            threads = QuantDeviceOptions.MaxThreads + 1,
        };
        fixed (byte* name = "cpu\0"u8)
        {
            Assert.Equal(NativeStatus.InvalidArgument, NativeMethods.qn_device_open(name, &options, out DeviceHandle handle));
            Assert.True(handle.IsInvalid);
        }

        Assert.Contains($"{QuantDeviceOptions.MaxThreads}", NativeText.Read(NativeMethods.qn_last_error()), StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownInstructionSetIsRefused() => Assert.Equal("options", Assert.Throws<ArgumentException>(
        () => QuantDevice.Open("cpu", new() { InstructionSet = (InstructionSet)77 })).ParamName);

    [Fact]
    public void AnInstructionSetThatIsNotThereIsRefusedWithTheReason()
    {
        foreach (InstructionSetInfo info in QuantDevice.InstructionSets.Where(info => !info.Available))
        {
            Assert.NotEmpty(info.Reason);
            PlatformNotSupportedException e = Assert.Throws<PlatformNotSupportedException>(
                () => QuantDevice.Open("cpu", new() { InstructionSet = info.InstructionSet }));
            Assert.Contains(info.Reason, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheEnvironmentVariableChoosesWhereTheOptionsDoNot()
    {
        using EnvironmentVariable variable = new(InstructionSetVariable.Name, "scalar");
        using QuantDevice chosen = QuantDevice.Open("cpu", new() { Threads = 1 });
        Assert.Equal(InstructionSet.Scalar, chosen.InstructionSet);

        InstructionSet best = QuantDevice.InstructionSets.Last(info => info.Available).InstructionSet;
        using QuantDevice asked = QuantDevice.Open("cpu", new() { Threads = 1, InstructionSet = best });
        Assert.Equal(best, asked.InstructionSet);
    }

    [Theory]
    [InlineData("sse9")]
    [InlineData("avx")]
    [InlineData("sse\n9")]
    public void AWrongEnvironmentVariableIsRefused(string value)
    {
        using EnvironmentVariable variable = new(InstructionSetVariable.Name, value);
        QuantNetException e = Assert.Throws<QuantNetException>(() => QuantDevice.Open("cpu"));
        Assert.StartsWith("QUANTNET_ISA is '", e.Message, StringComparison.Ordinal);
        Assert.Contains("scalar", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void TellsWhichKernelRan()
    {
        foreach (InstructionSetInfo info in QuantDevice.InstructionSets.Where(info => info.Available))
        {
            using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1, InstructionSet = info.InstructionSet });
            QuantCapability capability = device.GetCapability(QuantOperation.Dequantize, QuantFormat.Q4_K, QuantFormat.F16);
            Assert.True(capability.IsSupported);
            Assert.Contains(info.Name, capability.Kernel, StringComparison.Ordinal);
            device.Dequantize(QuantFormat.Q4_K, new byte[144], new Half[256]);
            Assert.Equal(capability.Kernel, QuantDevice.LastKernel);
        }
    }

    [Fact]
    public void EveryFormatDecodesToEveryOutput()
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1 });
        foreach (QuantFormatInfo info in QuantFormats.All)
        {
            Assert.All(
                new[] { QuantFormat.F32, QuantFormat.F16, QuantFormat.BF16 },
                output => Assert.True(device.GetCapability(QuantOperation.Dequantize, info.Format, output).IsSupported));
        }
    }

    [Fact]
    public void WhatADeviceCannotDoIsNotSupported()
    {
        using QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 1 });
        QuantCapability capability = device.GetCapability(QuantOperation.Dequantize, QuantFormat.F32, QuantFormat.Q4_K);
        Assert.Equal((false, false, ""), (capability.IsSupported, capability.IsTuned, capability.Kernel));
        Assert.False(device.GetCapability((QuantOperation)99, QuantFormat.Q4_K, QuantFormat.F32).IsSupported);
        Assert.Equal("", default(QuantCapability).Kernel);
        Assert.Throws<ArgumentException>(() => device.GetCapability(QuantOperation.Dequantize, (QuantFormat)999, QuantFormat.F32));
    }

    [Fact]
    public async Task DisposingWaitsForCallsOfOtherThreads()
    {
        // Under load: the handle is closed when the last call ends, and later calls are refused. The callers have threads of their own,
        // because busy ones would keep the pool from running what disposes of the device.
        for (int round = 0; round < 20; round++)
        {
            QuantDevice device = QuantDevice.Open("cpu", new() { Threads = 2 });
            Task[] callers = [.. Enumerable.Range(0, 4).Select(
                _ => Task.Factory.StartNew(() => CallUntilDisposed(device), TaskCreationOptions.LongRunning))];
            await Task.Delay(2);
            device.Dispose();
            await Task.WhenAll(callers);
        }
    }

    private static void CallUntilDisposed(QuantDevice device)
    {
        byte[] packed = new byte[144 * 256];
        float[] values = new float[256 * 256];
        void Forever()
        {
            while (true)
            {
                device.Dequantize(QuantFormat.Q4_K, packed, values);
            }
        }

        Assert.Throws<ObjectDisposedException>(Forever);
    }

    private static InstructionSetInfo InfoOf(InstructionSet set) =>
        QuantDevice.InstructionSets.Single(info => info.InstructionSet == set);
}
