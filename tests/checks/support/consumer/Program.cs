// SPDX-License-Identifier: MIT
//
// Decodes a tensor of a model to a file of raw floats, and prints which native library did it; or prints why not.
using System.Runtime.InteropServices;
using Quant.Net;
using Quant.Net.Gguf;

try
{
    using QuantDevice device = QuantDevice.Open("cpu");
    using GgufFile model = GgufFile.Open(args[0]);
    GgufTensor tensor = model.Tensors[args[1]];
    var weights = new float[tensor.ElementCount];
    tensor.Dequantize(device, row: 0, rows: tensor.RowCount, weights);
    File.WriteAllBytes(args[2], MemoryMarshal.AsBytes<float>(weights).ToArray());
    Console.WriteLine(QuantNetLibrary.Path);
    return 0;
}
catch (Exception e) when (e is DllNotFoundException or QuantNetException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
