namespace Quant.Net.Gguf;

/// <summary>Walks over metadata values without making objects of them, and checks them on the way.</summary>
internal static class GgufValueWalk
{
    /// <summary>Reads a value's type number.</summary>
    public static GgufValueType ReadType(ref GgufCursor cursor, string what)
    {
        uint number = cursor.UInt32(what);
        return GgufLayout.IsValueType(number)
            ? (GgufValueType)number
            : throw cursor.Fault($"{what} is {number}, but metadata types are 0 to {(uint)GgufValueType.Float64}");
    }

    /// <summary>Steps over a value.</summary>
    /// <param name="cursor">Stands before the value.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="depth">How many arrays it is in.</param>
    public static void Skip(ref GgufCursor cursor, GgufValueType type, int depth = 0)
    {
        switch (type)
        {
            case GgufValueType.Array:
                SkipArray(ref cursor, depth);
                break;
            case GgufValueType.String:
                cursor.String("string length");
                break;
            case GgufValueType.Boolean:
                CheckBooleans(ref cursor, cursor.Take(1, "value"));
                break;
            default:
                cursor.Take(GgufLayout.FixedSize(type), "value");
                break;
        }
    }

    private static void SkipArray(ref GgufCursor cursor, int depth)
    {
        if (depth == GgufLayout.DeepestNesting)
        {
            throw cursor.Fault($"arrays are nested more than {GgufLayout.DeepestNesting} deep");
        }

        GgufValueType element = ReadType(ref cursor, "array element type");
        int count = cursor.CountOf(LeastBytes(element, cursor.CountSize), "array count");
        if (GgufLayout.FixedSize(element) is > 0 and int size)
        {
            ReadOnlySpan<byte> values = cursor.Take(count * size, "array values");
            if (element == GgufValueType.Boolean)
            {
                CheckBooleans(ref cursor, values);
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            Skip(ref cursor, element, depth + 1);
        }
    }

    private static int LeastBytes(GgufValueType type, int countSize) => type switch
    {
        GgufValueType.String => countSize,
        GgufValueType.Array => sizeof(uint) + countSize,
        _ => GgufLayout.FixedSize(type),
    };

    private static void CheckBooleans(ref GgufCursor cursor, ReadOnlySpan<byte> values)
    {
        int wrong = values.IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (wrong >= 0)
        {
            throw cursor.Fault($"boolean is {values[wrong]}, expected 0 or 1");
        }
    }
}
