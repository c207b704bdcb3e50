using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Quant.Net.Reference;

/// <summary>Declarations as C# writes them.</summary>
internal static class Signature
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
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(char)] = "char",
    };

    private static readonly Dictionary<string, string> Operators = new()
    {
        ["op_Equality"] = "==",
        ["op_Inequality"] = "!=",
        ["op_LessThan"] = "<",
        ["op_GreaterThan"] = ">",
        ["op_LessThanOrEqual"] = "<=",
        ["op_GreaterThanOrEqual"] = ">=",
        ["op_UnaryNegation"] = "-",
    };

    public static string Of(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly struct" : "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        string baseType = type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) ? $" : {Name(parent)}" : "";
        return $"{kind} {Name(type)}{baseType}";
    }

    public static string Of(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } field => $"const {Name(field.FieldType)} {field.Name}",
        FieldInfo field => $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}",
        PropertyInfo property => Property(property),
        ConstructorInfo constructor => $"new {Name(constructor.DeclaringType!)}({Parameters(constructor.GetParameters())})",
        MethodInfo method => Method(method),
        _ => throw new InvalidOperationException($"{member} is no member that is written"),
    };

    private static string Property(PropertyInfo property)
    {
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{Parameters(index)}]" : property.Name;
        string access = property.SetMethod is not { IsPublic: true } set ? "get;"
            : set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "get; init;" : "get; set;";
        return $"{Static(property.GetMethod!.IsStatic)}{Nullable(property.PropertyType, new NullabilityInfoContext().Create(property))} {name} {{ {access} }}";
    }

    private static string Method(MethodInfo method)
    {
        string result = Nullable(method.ReturnType, new NullabilityInfoContext().Create(method.ReturnParameter));
        string parameters = Parameters(method.GetParameters());
        if (method.Name is "op_Explicit" or "op_Implicit")
        {
            return $"{method.Name[3..].ToLowerInvariant()} operator {result}({parameters})";
        }

        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        string name = Operators.TryGetValue(method.Name, out string? symbol) ? $"operator {symbol}" : method.Name;
        return $"{Static(method.IsStatic && symbol is null)}{result} {name}{generic}({parameters})";
    }

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    private static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        string modifier = !type.IsByRef ? parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : ""
            : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        string declared = Nullable(type.IsByRef ? type.GetElementType()! : type, new NullabilityInfoContext().Create(parameter));
        return $"{modifier}{declared} {parameter.Name}{(parameter.HasDefaultValue ? $" = {Default(parameter)}" : "")}";
    }

    private static string Default(ParameterInfo parameter) => parameter.DefaultValue switch
    {
        null => parameter.ParameterType.IsValueType ? "default" : "null",
        string text => $"\"{text}\"",
        bool value => value ? "true" : "false",
        object value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Nullable(Type type, NullabilityInfo info) =>
        Name(type) + (!type.IsValueType && !type.IsGenericParameter && info.ReadState == NullabilityState.Nullable ? "?" : "");

    public static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (System.Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        if (type.HasElementType)
        {
            return Name(type.GetElementType()!) + (type.IsPointer ? "*" : type.IsByRef ? "" : "[]");
        }

        string name = type is { IsNested: true, IsGenericParameter: false } ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType
            ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : name;
    }
}
