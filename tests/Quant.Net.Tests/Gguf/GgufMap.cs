using System.Buffers.Binary;

namespace Quant.Net.Tests.Gguf;

/// <summary>
/// Where things stand in a valid GGUF file: every number of its head, its entries and its tensors. Like <see cref="GgufBytes"/>
/// it knows nothing of the library's reader.
/// </summary>
internal sealed class GgufMap
{
    private readonly byte[] _file;
    private readonly int _countSize;
    private int _position;

    public GgufMap(byte[] file)
    {
        _file = file;
        Add(sizeof(uint));   // magic
        _countSize = (int)Read(Add(sizeof(uint))) == 1 ? sizeof(uint) : sizeof(ulong);
        TensorCount = Add(_countSize);
        EntryCount = Add(_countSize);
        Entries = Records((int)Read(EntryCount), Entry);
        Tensors = Records((int)Read(TensorCount), Tensor);
    }

    /// <summary>A number in the file.</summary>
    public readonly record struct Field(int Start, int Size);

    public List<Field> Numbers { get; } = [];

    public Field TensorCount { get; }

    public Field EntryCount { get; }

    public Range[] Entries { get; }

    public Range[] Tensors { get; }

    /// <summary>The end of the last tensor's description.</summary>
    public int HeadLength => _position;

    public ulong Read(Field field) => field.Size switch
    {
        1 => _file[field.Start],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(field.Start)),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(field.Start)),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(field.Start)),
    };

    private Range[] Records(int count, Action read)
    {
        var records = new Range[count];
        for (int i = 0; i < count; i++)
        {
            int start = _position;
            read();
            records[i] = start.._position;
        }

        return records;
    }

    private void Entry()
    {
        Text();
        Value((uint)Read(Add(sizeof(uint))));
    }

    private void Tensor()
    {
        Text();
        for (ulong left = Read(Add(sizeof(uint))); left > 0; left--)
        {
            Add(_countSize);
        }

        Add(sizeof(uint));    // type
        Add(sizeof(ulong));   // offset
    }

    private void Text()
    {
        int length = (int)Read(Add(_countSize));
        _position += length;
    }

    private void Value(uint type)
    {
        switch (type)
        {
            case GgufBytes.String:
                Text();
                break;
            case GgufBytes.Array:
                uint element = (uint)Read(Add(sizeof(uint)));
                for (ulong left = Read(Add(_countSize)); left > 0; left--)
                {
                    Value(element);
                }

                break;
            default:
                Add(SizeOf(type));
                break;
        }
    }

    private static int SizeOf(uint type) => type switch
    {
        GgufBytes.U8 or GgufBytes.I8 or GgufBytes.Bool => 1,
        GgufBytes.U16 or GgufBytes.I16 => 2,
        GgufBytes.U32 or GgufBytes.I32 or GgufBytes.F32 => 4,
        _ => 8,
    };

    private Field Add(int size)
    {
        var field = new Field(_position, size);
        Numbers.Add(field);
        _position += size;
        return field;
    }
}
