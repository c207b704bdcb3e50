using System.Buffers.Binary;
using System.Text;
using Quant.Net.Gguf;

namespace Quant.Net.Cuda.Tests;

/// <summary>
/// A model with a tensor of each format, a large one, an empty one, many small ones and one of a type that nobody knows, in a file of
/// random bits that goes when it is disposed.
/// </summary>
internal sealed class AllFormatsModel : IDisposable
{
    public const string Unknown = "unknown.weight";
    public const string Large = "large.weight";

    private const int UnknownType = 99;
    private readonly string _path = Path.GetTempFileName();

    public AllFormatsModel()
    {
        using (GgufWriter writer = GgufWriter.Create(_path, new GgufWriterOptions { Overwrite = true }))
        {
            List<(string Name, QuantFormat Format, long[] Dimensions)> tensors =
            [
                .. QuantFormats.All.Select(info => (info.Name, info.Format, new long[] { 512, 3, 2 })),
                (Large, QuantFormat.Q4_K, [1024, 1024]),
                ("empty.weight", QuantFormat.Q8_0, [32, 0]),
                .. Enumerable.Range(0, 50).Select(i => ($"blk.{i}.norm.weight", QuantFormat.F32, new long[] { 7 + i })),
                (Unknown, QuantFormat.I8, [5000]),
            ];
            tensors.ForEach(tensor => writer.AddTensor(tensor.Name, tensor.Format, tensor.Dimensions));
            var random = new Random(20261126);
            foreach ((string name, QuantFormat format, long[] dimensions) in tensors)
            {
                byte[] data = new byte[QuantFormats.Get(format).GetByteCount(dimensions.Aggregate(1L, (product, length) => product * length))];
                random.NextBytes(data);
                writer.Write(name, data);
            }

            writer.Complete();
        }

        byte[] bytes = System.IO.File.ReadAllBytes(_path);
        int place = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Unknown));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place + Unknown.Length + sizeof(int) + sizeof(long)), UnknownType);
        System.IO.File.WriteAllBytes(_path, bytes);
        File = GgufFile.Open(_path);
    }

    public GgufFile File { get; }

    /// <summary>Cuts the file short.</summary>
    public void Cut()
    {
        using FileStream file = new(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(file.Length / 2);
    }

    public void Dispose()
    {
        File.Dispose();
        System.IO.File.Delete(_path);
    }
}
