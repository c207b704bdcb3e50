using System.Runtime.CompilerServices;
using Quant.Net.Native;

namespace Quant.Net.Tests.Bindings;

/// <summary>The loaded library fills in the structs as far as the caller says that they reach, and as the layout table has them.</summary>
public unsafe class StructSizeTests
{
    private const byte Untouched = 0xA5;
    private const int Margin = 64;

    private static readonly Dictionary<string, Filler> Fillers = new()
    {
        [nameof(qn_format_info)] = (_, to) => NativeMethods.qn_format_get(QuantFormat.Q4_K, (qn_format_info*)to),
        [nameof(qn_isa_info)] = (_, to) => NativeMethods.qn_isa_at(0, (qn_isa_info*)to),
        [nameof(qn_device_info)] = (device, to) => NativeMethods.qn_device_describe(device, (qn_device_info*)to),
        [nameof(qn_capability)] = (device, to) => NativeMethods.qn_device_capability(
            device, QuantOperation.Dequantize, QuantFormat.Q4_K, QuantFormat.F32, (qn_capability*)to),
        [nameof(qn_matrix_layout_info)] = (_, to) => NativeMethods.qn_matrix_layout_at(0, (qn_matrix_layout_info*)to),
    };

    private delegate NativeStatus Filler(DeviceHandle device, byte* to);

    public static TheoryData<string> FilledStructs => new(Fillers.Keys);

    [Fact]
    public void EveryStructThatTheLibraryFillsIsTested()
    {
        IEnumerable<string> structs = NativeLayout.All().Select(entry => entry.Name).Where(name => !name.Contains('.'));
        Assert.Equal(structs.Except([nameof(qn_device_options), nameof(qn_matrix), nameof(qn_quantize_options)]).Order(), Fillers.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(FilledStructs))]
    public void FieldsBeyondStructSizeAreLeftAlone(string name)
    {
        // As an older caller, whose struct ends before a field.
        foreach (LayoutEntry field in Fields(name).Skip(1))
        {
            AssertFilled(name, (int)field.Offset, expectedEnd: (int)field.Offset);
        }
    }

    [Theory]
    [MemberData(nameof(FilledStructs))]
    public void TheWholeStructIsFilledAndNoMore(string name) => AssertFilled(name, Size(name), Size(name));

    [Theory]
    [MemberData(nameof(FilledStructs))]
    public void ALargerStructIsFilledAsFarAsTheLibraryKnows(string name) =>
        AssertFilled(name, Size(name) + Margin / 2, expectedEnd: Size(name));

    [Theory]
    [MemberData(nameof(FilledStructs))]
    public void AMissingStructSizeIsRefused(string name)
    {
        using DeviceHandle device = OpenCpu();
        byte* memory = stackalloc byte[1024];
        new Span<byte>(memory, 1024).Clear();
        Assert.Equal(NativeStatus.InvalidArgument, Fillers[name](device, memory));
        Assert.Contains("struct_size", NativeText.Read(NativeMethods.qn_last_error()), StringComparison.Ordinal);
    }

    private static void AssertFilled(string name, int structSize, int expectedEnd)
    {
        using DeviceHandle device = OpenCpu();
        byte[] memory = new byte[Size(name) + Margin];
        memory.AsSpan().Fill(Untouched);
        Unsafe.As<byte, uint>(ref memory[0]) = (uint)structSize;
        fixed (byte* to = memory)
        {
            Assert.Equal(NativeStatus.Ok, Fillers[name](device, to));
        }

        Assert.Equal((uint)structSize, Unsafe.As<byte, uint>(ref memory[0]));
        Assert.True(memory.AsSpan(expectedEnd).IndexOfAnyExcept(Untouched) < 0, $"{name}: bytes from {expectedEnd} on were written");

        // Every field before the end was written: none of their values is made of the filler alone.
        foreach (LayoutEntry field in Fields(name).Skip(1).Where(field => field.Offset + field.Size <= expectedEnd))
        {
            Span<byte> bytes = memory.AsSpan((int)field.Offset, (int)field.Size);
            Assert.True(bytes.IndexOfAnyExcept(Untouched) >= 0, $"{field.Name} was not written");
        }
    }

    private static IEnumerable<LayoutEntry> Fields(string name) =>
        NativeLayout.All().Where(entry => entry.Name.StartsWith(name + ".", StringComparison.Ordinal));

    private static int Size(string name) => (int)NativeLayout.All().Single(entry => entry.Name == name).Size;

    private static DeviceHandle OpenCpu()
    {
        fixed (byte* name = "cpu\0"u8)
        {
            qn_device_options options = new() { struct_size = (uint)sizeof(qn_device_options), threads = 1 };
            Assert.Equal(NativeStatus.Ok, NativeMethods.qn_device_open(name, &options, out DeviceHandle device));
            return device;
        }
    }
}
