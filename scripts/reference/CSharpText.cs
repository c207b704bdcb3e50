using System.Globalization;
using System.Reflection;

namespace Quant.Net.Reference;

/// <summary>
/// Types and parameters as C# writes them, without namespaces: for the reference, and for the list of the public API that a test compares.
/// </summary>
internal static class CSharpText
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
    public static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.HasElementType)
        {
            string suffix = type.IsPointer ? "*" : type.IsByRef ? "" : $"[{new string(',', type.GetArrayRank() - 1)}]";
            return Name(type.GetElementType()!) + suffix;
        }

        return Nullable.GetUnderlyingType(type) is { } value ? $"{Name(value)}?" : Name(type, type.GetGenericArguments().Select(Name));
    }

    /// <summary>The type of a field, with question marks where null is allowed.</summary>
    public static string TypeOf(FieldInfo field) => Name(field.FieldType, new NullabilityInfoContext().Create(field));

    /// <summary>The type of a property, with question marks where null is allowed.</summary>
    public static string TypeOf(PropertyInfo property) => Name(property.PropertyType, new NullabilityInfoContext().Create(property));

    /// <summary>What a method returns, with question marks where null is allowed.</summary>
    public static string ResultOf(MethodInfo method) =>
        Name(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter));

    /// <summary>Parameters with their types, names and defaults, between commas.</summary>
    public static string Parameters(IEnumerable<ParameterInfo> parameters) => string.Join(", ", parameters.Select(Parameter));

    /// <summary>A constant.</summary>
    public static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Parameter(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        string direction = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
            : !type.IsByRef ? ""
            : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        string standard = parameter.RawDefaultValue is null && type.IsValueType ? "default" : Value(parameter.RawDefaultValue);
        string optional = parameter.HasDefaultValue ? $" = {standard}" : "";
        return $"{direction}{Name(type, new NullabilityInfoContext().Create(parameter))} {parameter.Name}{optional}";
    }

    private static string Name(Type type, NullabilityInfo info)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!, info);
        }

        if (type.IsPointer || type.IsValueType && !type.IsGenericType)
        {
            return Name(type);
        }

        string name = info.ElementType is { } element ? $"{Name(type.GetElementType()!, element)}[]"
            : type.IsGenericType && Nullable.GetUnderlyingType(type) is null
                ? Name(type, type.GetGenericArguments().Select((argument, i) => Name(argument, info.GenericTypeArguments[i])))
                : Name(type);
        bool marked = !type.IsValueType && info.ReadState == NullabilityState.Nullable;
        return marked ? $"{name}?" : name;
    }

    private static string Name(Type type, IEnumerable<string> arguments)
    {
        string name = type is { IsNested: true, IsGenericParameter: false } ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", arguments)}>" : name;
    }
}
