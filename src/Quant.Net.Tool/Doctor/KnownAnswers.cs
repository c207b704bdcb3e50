using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Doctor;

/// <summary>Some packed blocks of a format and the weights that they must decode to.</summary>
/// <param name="Format">The format's number; it may be one that the library does not know.</param>
/// <param name="IsByHand">Whether the weights were worked out by hand, because the reference has no decoder.</param>
/// <param name="Packed">The blocks.</param>
/// <param name="Weights">What they decode to, as float32.</param>
internal sealed record KnownAnswer(QuantFormat Format, bool IsByHand, byte[] Packed, float[] Weights);

/// <summary>
/// The answers that <c>doctor</c> compares with. They come from the reference implementations, not from this library.
/// </summary>
/// <remarks>
/// The file, little-endian throughout: the eight bytes <c>qnanswer</c>; int32 version (3); int32 length of the origin and the
/// origin as UTF-8; int32 number of answers; then for each answer int32 format, int32 1 if worked out by hand else 0,
/// int32 bytes of packed data, int32 number of weights, the packed data, the weights as float32. Then int32 number of matrices, and
/// what <see cref="ReadMatrix"/> reads of each; and what <see cref="ReadEncodings"/> reads.
/// </remarks>
internal sealed class KnownAnswers
{
    /// <summary>The first bytes of the file.</summary>
    public const string Magic = "qnanswer";

    /// <summary>The version of the layout.</summary>
    public const int Version = 3;

    private KnownAnswers(
        string source,
        string origin,
        IReadOnlyList<KnownAnswer> answers,
        IReadOnlyList<MatrixAnswer> matrices,
        IReadOnlyList<EncodingAnswer> encodings)
    {
        Source = source;
        Origin = origin;
        All = answers;
        Matrices = matrices;
        Encodings = encodings;
    }

    /// <summary>Where they were read from: <c>built in</c>, or a file.</summary>
    public string Source { get; }

    /// <summary>Who made them.</summary>
    public string Origin { get; }

    /// <summary>The answers for formats.</summary>
    public IReadOnlyList<KnownAnswer> All { get; }

    /// <summary>Those for layouts of packed matrices.</summary>
    public IReadOnlyList<MatrixAnswer> Matrices { get; }

    /// <summary>Those for encoders.</summary>
    public IReadOnlyList<EncodingAnswer> Encodings { get; }

    /// <summary>The answers inside this tool.</summary>
    public static KnownAnswers BuiltIn()
    {
        using Stream resource = typeof(KnownAnswers).Assembly.GetManifestResourceStream("answers.bin")!;
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return Parse("built in", bytes);
    }

    /// <summary>The answers in a file.</summary>
    /// <exception cref="ToolException">The file cannot be read or has another layout.</exception>
    public static async Task<KnownAnswers> ReadAsync(string path, CancellationToken cancellation) =>
        Parse(path, await InputFile.ReadAsync(path, cancellation));

    private static KnownAnswers Parse(string source, byte[] bytes)
    {
        var reader = new Reader(source, bytes);
        if (!reader.Take(Magic.Length, "magic").SequenceEqual(Encoding.ASCII.GetBytes(Magic)))
        {
            throw new ToolException($"{source}: not a file of known answers: it does not begin with '{Magic}'");
        }

        int version = reader.TakeNumber("version");
        if (version != Version)
        {
            throw new ToolException($"{source}: version {version} of the known answers, expected {Version}");
        }

        string origin = Encoding.UTF8.GetString(reader.Take(reader.TakeNumber("origin"), "origin"));
        int count = reader.TakeNumber("number of answers");
        var answers = new List<KnownAnswer>();
        for (int i = 0; i < count; i++)
        {
            var format = (QuantFormat)reader.TakeNumber("format");
            bool isByHand = reader.TakeNumber("kind") != 0;
            int packedBytes = reader.TakeNumber("size");
            int weights = reader.TakeNumber("number of weights");
            answers.Add(new KnownAnswer(
                format,
                isByHand,
                reader.Take(packedBytes, "packed data").ToArray(),
                reader.TakeFloats(weights, "weights")));
        }

        int matrixCount = reader.TakeNumber("number of matrices");
        var matrices = new List<MatrixAnswer>();
        for (int i = 0; i < matrixCount; i++)
        {
            matrices.Add(ReadMatrix(source, ref reader));
        }

        return new KnownAnswers(source, origin, answers, matrices, ReadEncodings(source, ref reader));
    }

    // In the order of the file.
    private static List<EncodingAnswer> ReadEncodings(string source, ref Reader reader)
    {
        int rows = reader.TakeNumber("rows to encode"), columns = reader.TakeNumber("columns to encode");
        RequireSize(source, "input of encoders", rows, columns);
        float[] importance = reader.TakeFloats(columns, "importance");
        var input = new EncodingInput(reader.TakeFloats(rows * columns, "numbers to encode"), importance);
        int count = reader.TakeNumber("number of encoders");
        var encodings = new List<EncodingAnswer>();
        for (int i = 0; i < count; i++)
        {
            var format = (QuantFormat)reader.TakeNumber("format");
            bool isWeighted = reader.TakeFlag("importance");
            encodings.Add(new EncodingAnswer(format, isWeighted, input, reader.TakeArray("packed rows")));
        }

        return encodings;
    }

    // In the order of the file.
    private static MatrixAnswer ReadMatrix(string source, ref Reader reader)
    {
        string name = Encoding.UTF8.GetString(reader.TakeArray("name"));
        var layout = (PackedMatrixLayout)reader.TakeNumber("layout");
        int bits = reader.TakeNumber("bits"), rows = reader.TakeNumber("rows"), columns = reader.TakeNumber("columns");
        int groupSize = reader.TakeNumber("group size"), groupRows = reader.TakeNumber("rows of a group");
        bool zeroPlusOne = reader.TakeFlag("zeros"), padded = reader.TakeFlag("padding"), scalesDivided = reader.TakeFlag("scales");
        var scaleFormat = (QuantFormat)reader.TakeNumber("format of scales");
        float globalScale = reader.TakeFloat("global scale");
        int scaleGroup = reader.TakeNumber("group of scales");
        float scaleOffset = reader.TakeFloat("offset of scales");
        byte[] codes = reader.TakeArray("codes"), scales = reader.TakeArray("scales"), zeros = reader.TakeArray("zero points");
        byte[] groupIndex = reader.TakeArray("groups of columns"), levels = reader.TakeArray("levels");
        byte[] scaleLevels = reader.TakeArray("levels of scales"), scaleScales = reader.TakeArray("scales of scales");
        RequireSize(source, name, rows, columns);
        return new MatrixAnswer(name, layout, bits, rows, columns, codes, scales, reader.TakeFloats(rows * columns, "weights"))
        {
            GroupSize = groupSize,
            GroupRows = groupRows,
            ZeroPlusOne = zeroPlusOne,
            Padded = padded,
            ScalesDivided = scalesDivided,
            ScaleFormat = scaleFormat,
            GlobalScale = globalScale,
            ScaleGroup = scaleGroup,
            ScaleOffset = scaleOffset,
            Zeros = zeros,
            GroupIndex = groupIndex,
            Levels = levels,
            ScaleLevels = scaleLevels,
            ScaleScales = scaleScales,
        };
    }

    private static void RequireSize(string source, string name, int rows, int columns)
    {
        if (rows < 1 || columns < 1 || (long)rows * columns > int.MaxValue)
        {
            throw new ToolException($"{source}: {name} has {rows} x {columns} weights, expected 1 to {int.MaxValue}");
        }
    }

    /// <summary>Takes pieces off the front of the file; a piece that is longer than the rest is an error.</summary>
    private ref struct Reader(string source, ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public ReadOnlySpan<byte> Take(int length, string what)
        {
            if (length < 0 || length > _rest.Length)
            {
                throw new ToolException($"{source}: {what} needs {length} bytes, but {_rest.Length} are left");
            }

            ReadOnlySpan<byte> taken = _rest[..length];
            _rest = _rest[length..];
            return taken;
        }

        public int TakeNumber(string what) => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int), what));

        public bool TakeFlag(string what) => TakeNumber(what) != 0;

        public float TakeFloat(string what) => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float), what));

        public byte[] TakeArray(string what) => Take(TakeNumber(what), what).ToArray();

        public float[] TakeFloats(int count, string what)
        {
            // Compared before it is multiplied, so that the product cannot overflow.
            int length = count > _rest.Length ? int.MaxValue : count * sizeof(float);
            return MemoryMarshal.Cast<byte, float>(Take(length, what)).ToArray();
        }
    }
}
