using System.Reflection;
using System.Runtime.CompilerServices;

namespace Quant.Net.Reference;

/// <summary>Declarations as C# writes them.</summary>
internal static class Signature
{
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
        string baseType = type is { IsClass: true, BaseType: { } parent } && parent != typeof(object) ? $" : {CSharpText.Name(parent)}" : "";
        return $"{kind} {CSharpText.Name(type)}{baseType}";
    }

    public static string Of(MemberInfo member) => member switch
    {
        FieldInfo { IsLiteral: true } field => $"const {CSharpText.TypeOf(field)} {field.Name}",
        FieldInfo field => $"{Static(field.IsStatic)}{CSharpText.TypeOf(field)} {field.Name}",
        PropertyInfo property => Property(property),
        ConstructorInfo constructor => $"new {CSharpText.Name(constructor.DeclaringType!)}({CSharpText.Parameters(constructor.GetParameters())})",
        MethodInfo method => Method(method),
        _ => throw new InvalidOperationException($"{member} is no member that is written"),
    };

    private static string Property(PropertyInfo property)
    {
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{CSharpText.Parameters(index)}]" : property.Name;
        string access = property.SetMethod is not { IsPublic: true } set ? "get;"
            : set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "get; init;" : "get; set;";
        return $"{Static(property.GetMethod!.IsStatic)}{CSharpText.TypeOf(property)} {name} {{ {access} }}";
    }

    private static string Method(MethodInfo method)
    {
        string result = CSharpText.ResultOf(method);
        string parameters = CSharpText.Parameters(method.GetParameters());
        if (method.Name is "op_Explicit" or "op_Implicit")
        {
            return $"{method.Name[3..].ToLowerInvariant()} operator {result}({parameters})";
        }

        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(CSharpText.Name))}>" : "";
        string name = Operators.TryGetValue(method.Name, out string? symbol) ? $"operator {symbol}" : method.Name;
        return $"{Static(method.IsStatic && symbol is null)}{result} {name}{generic}({parameters})";
    }

    private static string Static(bool isStatic) => isStatic ? "static " : "";
}
