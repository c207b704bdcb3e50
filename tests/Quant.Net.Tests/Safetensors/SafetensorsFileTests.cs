using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using static Quant.Net.Tests.Safetensors.SafetensorsText;

namespace Quant.Net.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<SafetensorsType> Types => new(Enum.GetValues<SafetensorsType>());

    public void Dispose() => _folder.Dispose();

    private SafetensorsFile Open(string header, int data = 0) => SafetensorsFile.Open(_folder.Write("m.safetensors", File(header, data)));

    [Fact]
    public void EverythingOfATensorIsThere()
    {
        byte[] bytes = File($"{{{Tensor("x", "[2,3,4]", "[0,48]", "F16")}}} ", 48);
        bytes[^1] = 7;
        using SafetensorsFile file = SafetensorsFile.Open(_folder.Write("m.safetensors", bytes));
        SafetensorsTensor tensor = Assert.Single(file.Tensors);

        Assert.Equal((bytes.Length, bytes.Length - 56, bytes.Length - 48L), (file.Length, file.HeaderLength, file.DataOffset));
        Assert.Equal(("x", SafetensorsType.F16, QuantFormat.F16), (tensor.Name, tensor.Type, tensor.Format));
        Assert.Equal([2, 3, 4], tensor.Shape);
        Assert.Equal((4, 6, 24, 8), (tensor.RowLength, tensor.RowCount, tensor.ElementCount, tensor.BytesPerRow));
        Assert.Equal((48, file.DataOffset), (tensor.ByteLength, tensor.FileOffset));
        Assert.Equal(7, tensor.GetSpan(5, 1)[^1]);
        byte[] last = new byte[2];
        tensor.Read(46, last);
        Assert.Equal([0, 7], last);
        Assert.Equal("x F16 [2, 3, 4]", tensor.ToString());
        Assert.Same(tensor, file.Tensors["x"]);
        Assert.True(file.Tensors.Contains("x"));
        Assert.Contains("'y'", Assert.Throws<KeyNotFoundException>(() => file.Tensors["y"]).Message);
        Assert.Equal($"{_folder["m.safetensors"]}: 1 tensor", file.ToString());
    }

    [Fact]
    public void RowsThatAreNotThereAreRefused()
    {
        using SafetensorsFile file = Open($"{{{Tensor("x", "[2,2]", "[0,16]")}}}", 16);
        SafetensorsTensor tensor = file.Tensors["x"];

        Assert.Empty(tensor.GetSpan(2, 0).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetSpan(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetSpan(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetSpan(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetSpan(1, long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(15, new byte[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Read(-1, new byte[1]));
    }

    [Fact]
    public void TensorsOfAClosedFileSayWhatWasClosed()
    {
        SafetensorsFile file = Open($"{{{Tensor("x", "[2]", "[0,8]")}}}", 8);
        SafetensorsTensor tensor = file.Tensors["x"];
        file.Dispose();

        Assert.Contains(nameof(SafetensorsFile), Assert.Throws<ObjectDisposedException>(() => tensor.GetSpan(0, 1)).ObjectName);
        Assert.Throws<ObjectDisposedException>(() => tensor.Read(0, new byte[1]));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void EveryTypeIsWrittenAndReadAgain(SafetensorsType type)
    {
        int bytes = SafetensorsTypes.BitsPerElement(type);   // of 8 elements
        byte[] data = Enumerable.Range(1, bytes).Select(i => (byte)i).ToArray();
        using (SafetensorsWriter writer = SafetensorsWriter.Create(_folder["m.safetensors"]))
        {
            writer.AddTensor("x", type, [2, 4]);
            writer.Write("x", data);
            writer.Complete();
        }

        using SafetensorsFile file = SafetensorsFile.Open(_folder["m.safetensors"]);
        Assert.Equal((type, data.Length), (file.Tensors["x"].Type, file.Tensors["x"].ByteLength));
        Assert.Equal(type.ToString(), new PlainSafetensors(_folder["m.safetensors"]).Tensors["x"].Type);
        Assert.Equal(data, file.Tensors["x"].GetSpan(0, 2).ToArray());
    }

    [Fact]
    public void RowsThatEndWithinAByteCanOnlyBeReadAsBytes()
    {
        using SafetensorsFile file = Open($"{{{Tensor("x", "[2,3]", "[0,3]", "F4")}}}", 3);
        SafetensorsTensor tensor = file.Tensors["x"];

        Assert.Equal(6, tensor.ElementCount);
        Assert.Contains("no whole bytes", Assert.Throws<NotSupportedException>(() => tensor.GetSpan(0, 1)).Message);
        tensor.Read(0, new byte[3]);
    }

    [Theory]
    [InlineData("[]", "[0,4]", 1, 1)]
    [InlineData("[0]", "[0,0]", 0, 0)]
    [InlineData("[4611686018427387904,0]", "[0,0]", 0, 0)]
    [InlineData("[0,4611686018427387904]", "[0,0]", 0, 4611686018427387904)]
    public void ScalarsAndEmptyTensorsAreTensors(string shape, string offsets, long rows, long rowLength)
    {
        using SafetensorsFile file = Open($"{{{Tensor("x", shape, offsets)}}}", offsets == "[0,4]" ? 4 : 0);

        Assert.Equal((rows, rowLength), (file.Tensors["x"].RowCount, file.Tensors["x"].RowLength));
        Assert.Empty(file.Tensors["x"].GetSpan(0, 0).ToArray());
    }

    [Fact]
    public void TensorsComeInTheOrderOfTheirDataWhateverTheHeaderSays()
    {
        using SafetensorsFile file = Open(
            $"{{{Tensor("b", "[1]", "[4,8]")},\"__metadata__\":{{\"k\":\"v\"}},{Tensor("none", "[0]", "[4,4]")},{Tensor("a", "[1]", "[0,4]")}}}", 8);

        Assert.Equal(["a", "none", "b"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("v", file.Metadata["k"]);
        Assert.Empty(file.Warnings);
    }

    [Fact]
    public void OdditiesAreWarnings()
    {
        using SafetensorsFile file = Open("""{"a\u001b":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}}""");

        Assert.Equal(
            [
                $"{_folder["m.safetensors"]}: tensor name 'a\\u{{1B}}' has characters that do not show",
                $"{_folder["m.safetensors"]}: tensor 'a\\u{{1B}}' has 'strides', which nobody knows",
            ],
            file.Warnings);
    }

    [Fact]
    public void WhatIsNoFileIsAnErrorOfOneLine()
    {
        Assert.EndsWith(": no such file", Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(_folder["none"])).Message);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => SafetensorsFile.Open(_folder.Path)).Message);
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Open(""));
    }

    [Fact]
    public void DataDecode()
    {
        byte[] bytes = File($"{{{Tensor("x", "[2]", "[0,4]", "BF16")}}}", 4);
        new byte[] { 0x80, 0x3F, 0x00, 0xC0 }.CopyTo(bytes, bytes.Length - 4);
        using SafetensorsFile file = SafetensorsFile.Open(_folder.Write("m.safetensors", bytes));
        using QuantDevice device = QuantDevice.Open("cpu");
        float[] floats = new float[2];
        device.Dequantize(file.Tensors["x"].Format!.Value, file.Tensors["x"].GetSpan(0, 1), floats);

        Assert.Equal([1f, -2f], floats);
    }
}
