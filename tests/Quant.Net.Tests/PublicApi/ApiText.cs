using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Quant.Net.Tests.PublicApi;

/// <summary>Everything that a program can use of an assembly: a line for each, in an order that does not depend on the sources.</summary>
internal sealed class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Of(Assembly assembly)
    {
        var text = new ApiText();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            yield return $"{type.FullName} = {Kind(type)}{Bases(type)}";
            foreach (string member in text.Members(type).Order(StringComparer.Ordinal))
            {
                yield return $"    {member}";
            }
        }
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum)
        {
            return $"enum : {TypeText.Of(Enum.GetUnderlyingType(type))}";
        }

        if (type.IsValueType)
        {
            bool isReadOnly = type.IsDefined(typeof(IsReadOnlyAttribute), inherit: false);
            return $"{(isReadOnly ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}struct";
        }

        return type.IsInterface ? "interface"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class" : "class";
    }

    private static string Bases(Type type)
    {
        if (type.IsEnum)
        {
            return "";
        }

        IEnumerable<Type> interfaces = type.GetInterfaces().Where(contract => contract.IsVisible);
        if (type.BaseType is { } super && !type.IsValueType)
        {
            interfaces = interfaces.Except(super.GetInterfaces());
        }

        IEnumerable<string> bases = interfaces.Select(TypeText.Of).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            bases = bases.Prepend(TypeText.Of(parent));
        }

        string joined = string.Join(", ", bases);
        return joined.Length == 0 ? "" : $" : {joined}";
    }

    private IEnumerable<string> Members(Type type)
    {
        foreach (FieldInfo field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
        {
            yield return Field(field);
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            yield return $"{Access(constructor)}{type.Name}({Parameters(constructor)})";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared).Where(property => Accessors(property).Any()))
        {
            yield return Property(property);
        }

        foreach (EventInfo happening in type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)))
        {
            yield return $"event {TypeText.Of(happening.EventHandlerType!)} {happening.Name}";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(IsVisible).Where(IsCallable))
        {
            yield return Method(method);
        }
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // Accessors are part of their property; what the compiler adds to a record as <Clone>$ has no name in C#.
    private static bool IsCallable(MethodInfo method) =>
        (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) && !method.Name.StartsWith('<');

    private string Field(FieldInfo field)
    {
        string type = TypeText.Of(_nullability.Create(field), field.FieldType);
        return field.DeclaringType!.IsEnum ? $"{field.Name} = {Value(field.GetRawConstantValue())}"
            : field.IsLiteral ? $"const {type} {field.Name} = {Value(field.GetRawConstantValue())}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private string Property(PropertyInfo property)
    {
        string parameters = string.Join(", ", property.GetIndexParameters().Select(Parameter));
        string name = parameters.Length == 0 ? property.Name : $"this[{parameters}]";
        string accessors = string.Join(' ', Accessors(property).Select(Accessor).Order(StringComparer.Ordinal));
        bool required = property.IsDefined(typeof(RequiredMemberAttribute));
        return $"{Access(Accessors(property).First())}{(required ? "required " : "")}"
            + $"{TypeText.Of(_nullability.Create(property), property.PropertyType)} {name} {{ {accessors} }}";
    }

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        property.GetAccessors(nonPublic: true).Where(IsVisible);

    private static string Accessor(MethodInfo accessor) =>
        accessor.Name.StartsWith("get_", StringComparison.Ordinal) ? "get;"
        : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;";

    private string Method(MethodInfo method)
    {
        Type[] generics = method.GetGenericArguments();
        string parameters = generics.Length == 0 ? "" : $"<{string.Join(", ", generics.Select(type => type.Name))}>";
        return $"{Access(method)}{TypeText.Of(_nullability.Create(method.ReturnParameter), method.ReturnType)} "
            + $"{method.Name}{parameters}({Parameters(method)}){string.Concat(generics.Select(Constraints))}";
    }

    private static string Constraints(Type parameter)
    {
        GenericParameterAttributes special = parameter.GenericParameterAttributes;
        List<string> all = [];
        if (special.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint))
        {
            // ValueType and the constructor come with it.
            all.Add("struct");
        }
        else
        {
            all.AddRange(special.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : []);
            all.AddRange(special.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) ? ["new()"] : []);
        }

        all.AddRange(parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(TypeText.Of));
        return all.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", all)}";
    }

    private static string Access(MethodBase method) =>
        $"{(method.IsPublic ? "" : "protected ")}{(method.IsStatic ? "static " : "")}{Dispatch(method)}";

    private static string Dispatch(MethodBase method) =>
        method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? ""
        : IsOverride(method) ? "override "
        : method.IsAbstract ? "abstract " : "virtual ";

    private static bool IsOverride(MethodBase method) => method is MethodInfo info && info.GetBaseDefinition() != info;

    private string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private string Parameter(ParameterInfo parameter)
    {
        string direction = parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params "
            : !parameter.ParameterType.IsByRef ? ""
            : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        string optional = parameter.HasDefaultValue ? $" = {Value(parameter.RawDefaultValue)}" : "";
        return $"{direction}{TypeText.Of(_nullability.Create(parameter), parameter.ParameterType)} {parameter.Name}{optional}";
    }

    private static string Value(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
