using Quant.Net.Native;

namespace Quant.Net.Tests.Bindings;

public unsafe class StatusTests
{
    public static TheoryData<int, Type> Exceptions => new()
    {
        { (int)NativeStatus.InvalidArgument, typeof(ArgumentException) },
        { (int)NativeStatus.Size, typeof(ArgumentException) },
        { (int)NativeStatus.Unsupported, typeof(NotSupportedException) },
        { (int)NativeStatus.Unavailable, typeof(PlatformNotSupportedException) },
        { (int)NativeStatus.OutOfMemory, typeof(OutOfMemoryException) },
        { (int)NativeStatus.System, typeof(QuantNetException) },
        { (int)NativeStatus.DeviceLost, typeof(QuantNetException) },
        { (int)NativeStatus.Driver, typeof(QuantNetException) },
        { (int)NativeStatus.NotFinite, typeof(NotFiniteNumberException) },
        { -77, typeof(QuantNetException) },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void EachFailureHasItsException(int status, Type expected)
    {
        Exception e = Status.CreateException((NativeStatus)status, "33 bytes are not whole blocks", "source");
        Assert.IsType(expected, e);
        Assert.StartsWith("33 bytes are not whole blocks", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryStatusIsInTheTable() => Assert.Empty(
        Enum.GetValues<NativeStatus>().Except([NativeStatus.Ok]).Select(status => (int)status)
            .Except(Exceptions.Select(row => (int)row[0])));

    [Fact]
    public void TheMessageIsTheLibrarys()
    {
        qn_format_info info = new() { struct_size = (uint)sizeof(qn_format_info) };
        NativeStatus status = NativeMethods.qn_format_get((QuantFormat)999, &info);
        ArgumentException e = Assert.Throws<ArgumentException>(() => Status.ThrowIfFailed(status, "format"));
        Assert.StartsWith(NativeText.Read(NativeMethods.qn_last_error()), e.Message, StringComparison.Ordinal);
        Assert.Equal("format", e.ParamName);
    }

    [Fact]
    public void SuccessIsSilent() => Status.ThrowIfFailed(NativeStatus.Ok);
}
