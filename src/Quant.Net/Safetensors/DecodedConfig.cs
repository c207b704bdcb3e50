using System.Text;
using System.Text.Json;

namespace Quant.Net.Safetensors;

/// <summary>
/// A <c>config.json</c> for the decoded weights: without what it says of a quantization, with their type, and else the same bytes.
/// </summary>
internal sealed class DecodedConfig
{
    private static readonly string[] TypeKeys = ["torch_dtype", "dtype"];   // the transformers library has changed the name

    private readonly byte[] _text;
    private readonly byte[] _type;
    private readonly List<(int From, int To, byte[] Instead)> _edits = [];
    private bool _saysType;

    private DecodedConfig(byte[] text, QuantFormat type) => (_text, _type) = (text, Encoding.UTF8.GetBytes($"\"{NameOf(type)}\""));

    /// <summary>Makes one.</summary>
    /// <param name="text">The model's file, which was read as JSON already.</param>
    /// <param name="type">The type of the decoded weights.</param>
    public static byte[] Of(byte[] text, QuantFormat type)
    {
        var config = new DecodedConfig(text, type);
        var reader = new Utf8JsonReader(text);
        reader.Read();
        config.EditObject(ref reader, isWhole: true);
        return config.Apply();
    }

    // The reader stands at the beginning of an object, and is left at its end.
    private void EditObject(ref Utf8JsonReader reader, bool isWhole)
    {
        int open = (int)reader.BytesConsumed, end = open, first = -1, dropped = -1;
        bool isEmpty = true;   // of what is kept
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int start = (int)reader.TokenStartIndex;
            first = first < 0 ? start : first;
            string name = reader.GetString()!;
            reader.Read();
            if (name == QuantizationConfig.ConfigKey)
            {
                reader.Skip();

                // With the comma before it; behind the brace nothing is before it, and the comma behind it goes.
                if (isEmpty)
                {
                    dropped = dropped < 0 ? start : dropped;
                }
                else
                {
                    _edits.Add((end, (int)reader.BytesConsumed, []));
                }
            }
            else
            {
                if (isEmpty && dropped >= 0)
                {
                    _edits.Add((dropped, start, []));
                }

                isEmpty = false;
                EditValue(ref reader, name, isWhole);
            }

            end = (int)reader.BytesConsumed;
        }

        if (isEmpty && dropped >= 0)
        {
            _edits.Add((dropped, end, []));
        }

        if (isWhole && !_saysType)
        {
            byte[] blank = first < 0 ? [] : _text[open..first];
            byte[] added = [.. isEmpty ? [] : (byte[])[(byte)',', .. blank], .. Encoding.UTF8.GetBytes($"\"{TypeKeys[0]}\": "), .. _type];
            _edits.Add((end, end, added));
        }
    }

    private void EditValue(ref Utf8JsonReader reader, string name, bool isWhole)
    {
        if (TypeKeys.Contains(name) && reader.TokenType is JsonTokenType.String or JsonTokenType.Null)
        {
            _edits.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed, _type));
            _saysType |= isWhole;
        }
        else if (isWhole && name == ModelConfig.TextKey && reader.TokenType == JsonTokenType.StartObject)
        {
            EditObject(ref reader, isWhole: false);
        }
        else
        {
            reader.Skip();
        }
    }

    private byte[] Apply()
    {
        var result = new MemoryStream(_text.Length + _type.Length);
        int done = 0;
        foreach ((int from, int to, byte[] instead) in _edits)
        {
            result.Write(_text.AsSpan(done..from));
            result.Write(instead);
            done = to;
        }

        result.Write(_text.AsSpan(done));
        return result.ToArray();
    }

    private static string NameOf(QuantFormat type) => type switch
    {
        QuantFormat.F32 => "float32",
        QuantFormat.F16 => "float16",
        QuantFormat.BF16 => "bfloat16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No output type."),
    };
}
