using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

public class GgufValueTests
{
    [Fact]
    public void NumbersConvertOnlyIfNothingIsLost()
    {
        Assert.Equal(200, GgufValue.FromNumber((byte)200).Get<int>());
        Assert.Equal(5.0f, GgufValue.FromNumber(5L).Get<float>());
        Assert.Equal(7, GgufValue.FromNumber(7.0).Get<int>());
        Assert.True(double.IsNaN(GgufValue.FromNumber(float.NaN).Get<double>()));
        Assert.False(GgufValue.FromNumber(-1).TryGet<uint>(out _));
        Assert.False(GgufValue.FromNumber(256).TryGet<byte>(out _));
        Assert.False(GgufValue.FromNumber(ulong.MaxValue).TryGet<float>(out _));
        Assert.False(GgufValue.FromNumber(ulong.MaxValue).TryGet<long>(out _));
        Assert.False(GgufValue.FromNumber(16777217).TryGet<float>(out _));
        Assert.False(GgufValue.FromNumber(1.5).TryGet<int>(out _));
        Assert.False(GgufValue.FromNumber(0.1).TryGet<float>(out _));
        Assert.False(GgufValue.FromNumber(double.NaN).TryGet<int>(out _));
        Assert.False(GgufValue.FromString("1").TryGet<int>(out _));
    }

    [Fact]
    public void WrongTypesAreNamed()
    {
        static string MessageOf(Func<object> read) => Assert.Throws<InvalidOperationException>(read).Message;

        Assert.Contains("u32, not a string", MessageOf(() => GgufValue.FromNumber(1u).GetString()));
        Assert.Contains("string, not a boolean", MessageOf(() => GgufValue.FromString("x").GetBoolean()));
        Assert.Contains("i32[2], not an array of strings", MessageOf(() => GgufValue.FromArray<int>([1, 2]).ToStringArray()));
        Assert.Contains("f32, not an array", MessageOf(() => GgufValue.FromNumber(1f)[0]));
        Assert.Throws<ArgumentException>(() => GgufValue.FromNumber((Half)1));
    }

    [Fact]
    public void ArraysAreOfOneTypeAndNotTooDeep()
    {
        GgufValue[] mixed = [GgufValue.FromNumber(1), GgufValue.FromNumber(1u)];
        Assert.Throws<ArgumentException>(() => GgufValue.FromArray(GgufValueType.Int32, mixed));
        Assert.Throws<ArgumentException>(() => GgufValue.FromArray((GgufValueType)13, []));
        GgufValue nested = GgufValue.FromArray<byte>([1]);
        for (int depth = 1; depth < 8; depth++)
        {
            nested = GgufValue.FromArray(GgufValueType.Array, [nested]);
        }

        Assert.Throws<ArgumentException>(() => GgufValue.FromArray(GgufValueType.Array, [nested]));
    }
}
