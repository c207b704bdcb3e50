using System.Text.Json;
using System.Text.Unicode;

namespace Quant.Net.IO;

/// <summary>
/// Reads JSON from strangers from front to back, without a tree of it: every fault names the file, the place and what was
/// expected there.
/// </summary>
internal ref struct JsonCursor
{
    private const int Deepest = 64;

    private readonly string _path;
    private readonly string _document;
    private Utf8JsonReader _reader;

    /// <summary>Begins to read.</summary>
    /// <param name="json">The whole document.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="document">What the document is called in messages: "header".</param>
    /// <exception cref="ModelFormatException">The document is not UTF-8.</exception>
    public JsonCursor(ReadOnlySpan<byte> json, string path, string document)
    {
        _path = path;
        _document = document;
        if (!Utf8.IsValid(json))
        {
            throw Fault($"is not UTF-8");
        }

        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Deepest });
    }

    /// <summary>The tensor that is being read, for messages; null between tensors.</summary>
    public string? Tensor { get; set; }

    /// <summary>Steps into an object.</summary>
    public void BeginObject(string what) => Expect(JsonTokenType.StartObject, what, "an object");

    /// <summary>Steps to the next name of an object and returns it; null at the object's end.</summary>
    public string? NextName()
    {
        Read();
        return _reader.TokenType == JsonTokenType.EndObject ? null : Text();
    }

    /// <summary>Reads a text.</summary>
    public string ReadText(string what)
    {
        Expect(JsonTokenType.String, what, "a text");
        return Text();
    }

    /// <summary>Reads a list of whole numbers of at least 0.</summary>
    public long[] ReadNumbers(string what, int most)
    {
        Expect(JsonTokenType.StartArray, what, "a list");
        var numbers = new List<long>();
        for (Read(); _reader.TokenType != JsonTokenType.EndArray; Read())
        {
            if (numbers.Count == most)
            {
                throw Fault($"{what} has more than {most} elements");
            }

            numbers.Add(Number(what));
        }

        return [.. numbers];
    }

    /// <summary>Reads a number of any kind; null if it is no number, which is passed over.</summary>
    public double? ReadReal()
    {
        Read();
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out double number))
        {
            return number;
        }

        SkipCurrent();
        return null;
    }

    /// <summary>Passes over a value.</summary>
    public void Skip()
    {
        Read();
        SkipCurrent();
    }

    /// <summary>Reads everything that is left, and finds out whether a tree of it can be made and every text in it be had.</summary>
    public void ReadAll()
    {
        while (TryRead())
        {
            _ = _reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String ? Text() : null;
        }
    }

    /// <summary>Throws unless nothing but white space is left.</summary>
    public void ReadEnd()
    {
        if (TryRead())
        {
            throw Fault($"has more behind its end");
        }
    }

    /// <summary>The exception for a fault at this place.</summary>
    public readonly ModelFormatException Fault(FormattableString what) => Tensor is null
        ? ModelFormatException.In(_path, $"{_document} {ErrorText.Invariant(what)}")
        : ModelFormatException.In(_path, $"tensor {ErrorText.Quote(Tensor)}: {ErrorText.Invariant(what)}");

    private void Expect(JsonTokenType type, string what, string expected)
    {
        Read();
        if (_reader.TokenType != type)
        {
            throw Fault($"{what} is {Found()}, expected {expected}");
        }
    }

    private readonly long Number(string what)
    {
        bool isWhole = _reader.TokenType == JsonTokenType.Number && _reader.ValueSpan.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
        return isWhole && _reader.TryGetInt64(out long number)
            ? number
            : throw Fault($"{what} has {Found()}, expected whole numbers from 0 to {long.MaxValue}");
    }

    /// <summary>The token for a message: numbers as they stand, all others by their kind.</summary>
    private readonly string Found() => _reader.TokenType switch
    {
        JsonTokenType.Number => ErrorText.Escape(System.Text.Encoding.ASCII.GetString(_reader.ValueSpan), 40),
        JsonTokenType.String => "a text",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "a list",
        _ => "an object",
    };

    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault($"has half of a surrogate pair at its byte {_reader.TokenStartIndex}");
        }
    }

    private void SkipCurrent()
    {
        int depth = _reader.CurrentDepth;
        while (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || _reader.CurrentDepth > depth)
        {
            Read();
        }
    }

    private void Read()
    {
        if (!TryRead())
        {
            throw Fault($"ends too early");
        }
    }

    private bool TryRead()
    {
        try
        {
            return _reader.Read();
        }
        catch (JsonException)
        {
            throw Fault($"is no valid JSON at its byte {_reader.BytesConsumed}");
        }
    }
}
