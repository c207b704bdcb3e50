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
/// The answers that <c>doctor</c> compares with. They come from the reference implementation, not from this library.
/// </summary>
/// <remarks>
/// The file, little-endian throughout: the eight bytes <c>qnanswer</c>; int32 version (1); int32 length of the origin and the
/// origin as UTF-8; int32 number of answers; then for each answer int32 format, int32 1 if worked out by hand else 0,
/// int32 bytes of packed data, int32 number of weights, the packed data, the weights as float32.
/// </remarks>
internal sealed class KnownAnswers
{
    /// <summary>The first bytes of the file.</summary>
    public const string Magic = "qnanswer";

    /// <summary>The version of the layout.</summary>
    public const int Version = 1;

    private KnownAnswers(string source, string origin, IReadOnlyList<KnownAnswer> answers)
    {
        Source = source;
        Origin = origin;
        All = answers;
    }

    /// <summary>Where they were read from: <c>built in</c>, or a file.</summary>
    public string Source { get; }

    /// <summary>Who made them.</summary>
    public string Origin { get; }

    /// <summary>The answers.</summary>
    public IReadOnlyList<KnownAnswer> All { get; }

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
    public static KnownAnswers Read(string path)
    {
        try
        {
            return Parse(path, File.ReadAllBytes(InputFile.Require(path)));
        }
        catch (UnauthorizedAccessException)
        {
            throw new ToolException($"{path}: permission denied");
        }
    }

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
                reader.TakeWeights(weights)));
        }

        return new KnownAnswers(source, origin, answers);
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

        public float[] TakeWeights(int count)
        {
            // Compared before it is multiplied, so that the product cannot overflow.
            int length = count > _rest.Length ? int.MaxValue : count * sizeof(float);
            return MemoryMarshal.Cast<byte, float>(Take(length, "weights")).ToArray();
        }
    }
}
