namespace Quant.Net.Tests.Formats;

public class BFloat16Tests
{
    private const int AllBits = 1 << 16;

    [Fact]
    public void EveryValueWidensAndComesBack()
    {
        for (int bits = 0; bits < AllBits; bits++)
        {
            BFloat16 value = BFloat16.FromBits((ushort)bits);
            float wide = (float)value;
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(wide));
            if (float.IsNaN(wide))
            {
                Assert.True(BFloat16.IsNaN((BFloat16)wide));
            }
            else
            {
                Assert.Equal(bits, ((BFloat16)wide).Bits);
            }
        }
    }

    [Fact]
    public void RoundsLikeDoubleArithmetic()
    {
        // Around every value: itself, the middle to the next one, and the floats beside both.
        for (int bits = 0; bits < AllBits; bits++)
        {
            uint value = (uint)bits << 16;
            foreach (uint offset in new uint[] { 0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF })
            {
                AssertRounds(BitConverter.UInt32BitsToSingle(value + offset));
            }
        }
    }

    [Fact]
    public void RoundsRandomFloatsLikeDoubleArithmetic()
    {
        Random random = new(20240607);
        for (int i = 0; i < 1_000_000; i++)
        {
            AssertRounds(BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)));
        }
    }

    [Fact]
    public void ComparesLikeFloat()
    {
        BFloat16 nan = BFloat16.FromBits(0x7FC1);
        BFloat16 otherNan = BFloat16.FromBits(0xFFFF);
        BFloat16 zero = (BFloat16)0f;
        BFloat16 negativeZero = (BFloat16)(-0f);
        BFloat16 one = (BFloat16)1f;
        BFloat16 alsoOne = one;

        Assert.False(nan == otherNan);
        Assert.True(nan.Equals(otherNan));
        Assert.Equal(nan.GetHashCode(), otherNan.GetHashCode());
        Assert.True(zero == negativeZero);
        Assert.True(zero < one && one > zero && zero <= negativeZero && one >= alsoOne && one != zero);
        Assert.True(one.CompareTo(zero) > 0);
        Assert.True(one.CompareTo(null) > 0);
        Assert.Equal(0, one.CompareTo((object)alsoOne));
        Assert.Throws<ArgumentException>(() => one.CompareTo("1"));
        Assert.True(BFloat16.IsInfinity((BFloat16)float.MaxValue));
    }

    [Fact]
    public void FormatsLikeFloat()
    {
        BFloat16 value = (BFloat16)1.5f;
        Assert.Equal("1.5", value.ToString());
        Assert.Equal("1.500", value.ToString("F3", null));
        Assert.Equal("1.5", $"{value}");
    }

    private static void AssertRounds(float value)
    {
        BFloat16 actual = (BFloat16)value;
        if (float.IsNaN(value))
        {
            Assert.True(BFloat16.IsNaN(actual));
            return;
        }

        uint expected = BitConverter.SingleToUInt32Bits(Reference.RoundToBFloat16(value));
        Assert.True((uint)actual.Bits << 16 == expected, $"{value:R}: found {actual.Bits:X4}, expected {expected:X8}");
    }
}
