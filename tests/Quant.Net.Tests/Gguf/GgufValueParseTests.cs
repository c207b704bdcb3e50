using Quant.Net.Gguf;

namespace Quant.Net.Tests.Gguf;

/// <summary>Values as people type them.</summary>
public class GgufValueParseTests
{
    [Theory]
    [InlineData("255", GgufValueType.UInt8)]
    [InlineData("-128", GgufValueType.Int8)]
    [InlineData("65535", GgufValueType.UInt16)]
    [InlineData("-32768", GgufValueType.Int16)]
    [InlineData("4294967295", GgufValueType.UInt32)]
    [InlineData("-2147483648", GgufValueType.Int32)]
    [InlineData("18446744073709551615", GgufValueType.UInt64)]
    [InlineData("-9223372036854775808", GgufValueType.Int64)]
    [InlineData("0.25", GgufValueType.Float32)]
    [InlineData("-1E-05", GgufValueType.Float32)]
    [InlineData("NaN", GgufValueType.Float32)]
    [InlineData("-Infinity", GgufValueType.Float64)]
    [InlineData("1E+300", GgufValueType.Float64)]
    [InlineData("true", GgufValueType.Boolean)]
    [InlineData("false", GgufValueType.Boolean)]
    [InlineData("", GgufValueType.String)]
    [InlineData(" a\n=\u00fc ", GgufValueType.String)]
    public void IsWhatItShows(string text, GgufValueType type)
    {
        GgufValue value = GgufValue.Parse(text, type);

        Assert.Equal((type, text), (value.Type, value.ToString()));
    }

    [Theory]
    [InlineData("256", GgufValueType.UInt8, "'256' is no value of the type uint8.")]
    [InlineData("-1", GgufValueType.UInt64, "'-1' is no value of the type uint64.")]
    [InlineData("1.0", GgufValueType.Int32, "'1.0' is no value of the type int32.")]
    [InlineData("1,000", GgufValueType.Int32, "'1,000' is no value of the type int32.")]
    [InlineData("", GgufValueType.Int32, "'' is no value of the type int32.")]
    [InlineData("1e39", GgufValueType.Float32, "'1e39' is no value of the type float32.")]
    [InlineData("1,5", GgufValueType.Float64, "'1,5' is no value of the type float64.")]
    [InlineData("True", GgufValueType.Boolean, "'True' is no value of the type boolean.")]
    [InlineData("1\n", GgufValueType.Boolean, "'1\\n' is no value of the type boolean.")]
    public void WhatDoesNotFitIsRefused(string text, GgufValueType type, string fault) =>
        Assert.Equal(fault, Assert.Throws<FormatException>(() => GgufValue.Parse(text, type)).Message);

    [Fact]
    public void ArraysAreJson()
    {
        Assert.Equal([1, 2], GgufValue.Parse("[1, 2]", GgufValueType.Array, GgufValueType.UInt16).ToArray<ushort>());
        Assert.Equal(["a", "\n"], GgufValue.Parse("""["a", "\n"]""", GgufValueType.Array, GgufValueType.String).ToStringArray());
        Assert.Equal(0, GgufValue.Parse("[]", GgufValueType.Array, GgufValueType.Float32).Count);
        Assert.True(GgufValue.Parse("[true]", GgufValueType.Array, GgufValueType.Boolean)[0].GetBoolean());
    }

    [Theory]
    [InlineData("1", GgufValueType.Int32)]
    [InlineData("[1", GgufValueType.Int32)]
    [InlineData("[1.5]", GgufValueType.Int32)]
    [InlineData("[null]", GgufValueType.Int32)]
    [InlineData("[\"1\"]", GgufValueType.Int32)]
    [InlineData("[1]", GgufValueType.String)]
    [InlineData("[[1]]", GgufValueType.Int32)]
    [InlineData("[\"\\ud800\"]", GgufValueType.String)]
    public void OtherArraysAreRefused(string text, GgufValueType element) =>
        Assert.Throws<FormatException>(() => GgufValue.Parse(text, GgufValueType.Array, element));

    [Fact]
    public void TypesThatAreNoneAreRefused()
    {
        Assert.Throws<ArgumentException>(() => GgufValue.Parse("1", (GgufValueType)99));
        Assert.Throws<ArgumentException>(() => GgufValue.Parse("[]", GgufValueType.Array));
        Assert.Throws<ArgumentException>(() => GgufValue.Parse("[]", GgufValueType.Array, GgufValueType.Array));
    }
}
