using System.Reflection;

namespace Quant.Net.Tests.PublicApi;

/// <summary>Names of types as C# writes them, without namespaces.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(char)] = "char",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    /// <summary>A type, as far as anything is known of it without nullability.</summary>
    public static string Of(Type type)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!);
        }

        if (type.IsPointer)
        {
            return $"{Of(type.GetElementType()!)}*";
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return $"{Of(underlying)}?";
        }

        return Keywords.TryGetValue(type, out string? keyword) ? keyword
            : type.IsGenericType ? Generic(type.Name, type.GetGenericArguments().Select(Of))
            : type.Name;
    }

    /// <summary>The type of a parameter, property or field, with question marks where null is allowed.</summary>
    public static string Of(NullabilityInfo info, Type type)
    {
        // What a reference refers to may be null depending on the result, which this text does not tell.
        if (type.IsByRef || type.IsPointer || type.IsValueType && !type.IsGenericType)
        {
            return Of(type);
        }

        string name = info.ElementType is { } element ? $"{Of(element, type.GetElementType()!)}[]"
            : type.IsGenericType && Nullable.GetUnderlyingType(type) is null
                ? Generic(type.Name, type.GetGenericArguments().Select((argument, i) => Of(info.GenericTypeArguments[i], argument)))
                : Of(type);
        bool marked = !type.IsValueType && info.ReadState == NullabilityState.Nullable;
        return marked ? $"{name}?" : name;
    }

    private static string Generic(string name, IEnumerable<string> arguments) =>
        $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", arguments)}>";
}
