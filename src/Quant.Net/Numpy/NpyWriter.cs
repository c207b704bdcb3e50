using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Quant.Net.IO;

namespace Quant.Net.Numpy;

/// <summary>
/// Writes one tensor as a NumPy file (<c>.npy</c>, version 1.0): a line of text that describes an array, then its numbers in row-major
/// order. See https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
/// </summary>
internal sealed class NpyWriter : IModelWriter
{
    /// <summary>The head is padded to a multiple of this, so that the numbers can be mapped.</summary>
    private const int Alignment = 64;

    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8, 1, 0];

    private readonly AtomicFile _file;
    private readonly TensorQueue _queue = new();
    private readonly byte[] _head;
    private readonly long _dataLength;
    private bool _begun;

    private NpyWriter(AtomicFile file, string tensor, byte[] head, long dataLength)
    {
        _file = file;
        _head = head;
        _dataLength = dataLength;
        _queue.Add(tensor, dataLength);
    }

    public long DeclaredLength => _head.Length + _dataLength;

    public IReadOnlyList<string> Files => [_file.Path];

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it will be.</param>
    /// <param name="tensor">The tensor's name, which the file does not have.</param>
    /// <param name="format">The type of its numbers.</param>
    /// <param name="shape">Its dimensions, outermost first.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="log">Says how far an earlier run has come.</param>
    public static NpyWriter Create(string path, string tensor, QuantFormat format, IReadOnlyList<long> shape, bool overwrite, ResumeLog? log)
    {
        byte[] head = BuildHead(TypeOf(format), shape);
        long bytes = QuantFormats.Get(format).GetByteCount(shape.Aggregate(1L, (product, dimension) => checked(product * dimension)));
        return new NpyWriter(AtomicFile.Create(path, overwrite, log), tensor, head, bytes);
    }

    public void Write(string tensor, ReadOnlySpan<byte> data)
    {
        Begin();
        _queue.Take(tensor, data.Length);
        _file.Write(data);
    }

    public void Skip(string tensor, int count)
    {
        Begin();
        _queue.Take(tensor, count);
        _file.Skip(count);
    }

    public void Complete()
    {
        Begin();
        _queue.RequireComplete();
        _file.Finish();
        _file.Rename();
        _file.Keep();
    }

    public void Dispose() => _file.Dispose();

    private void Begin()
    {
        if (!_begun)
        {
            _begun = true;
            _file.Write(_head);
        }
    }

    private static byte[] BuildHead(string type, IReadOnlyList<long> shape)
    {
        string dimensions = string.Concat(shape.Select(dimension => string.Create(CultureInfo.InvariantCulture, $"{dimension}, ")));
        dimensions = shape.Count > 1 ? dimensions[..^2] : dimensions.TrimEnd();   // a tuple of one keeps its comma
        string text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({dimensions}), }}";
        int front = Magic.Length + sizeof(ushort);
        int length = (front + text.Length + 1 + Alignment - 1) / Alignment * Alignment;

        byte[] head = new byte[length];
        Magic.CopyTo(head, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(Magic.Length), (ushort)(length - front));
        head.AsSpan(front).Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, head.AsSpan(front));
        head[^1] = (byte)'\n';
        return head;
    }

    /// <summary>NumPy's names; it has none for bfloat16.</summary>
    private static string TypeOf(QuantFormat format) => format switch
    {
        QuantFormat.F32 => "<f4",
        QuantFormat.F16 => "<f2",
        QuantFormat.I8 => "|i1",
        QuantFormat.I16 => "<i2",
        QuantFormat.I32 => "<i4",
        QuantFormat.I64 => "<i8",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "NumPy files have no such type."),
    };
}
