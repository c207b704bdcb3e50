using System.Reflection;
using System.Runtime.CompilerServices;
using Quant.Net.Reference;

namespace Quant.Net.Tests.PublicApi;

/// <summary>Everything that a program can use of an assembly: a line for each, in an order that does not depend on the sources.</summary>
internal static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Of(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            yield return $"{type.FullName} = {Kind(type)}{Bases(type)}";
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                yield return $"    {member}";
            }
        }
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum)
        {
            return $"enum : {CSharpText.Name(Enum.GetUnderlyingType(type))}";
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

        IEnumerable<string> bases = interfaces.Select(CSharpText.Name).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            bases = bases.Prepend(CSharpText.Name(parent));
        }

        string joined = string.Join(", ", bases);
        return joined.Length == 0 ? "" : $" : {joined}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        foreach (FieldInfo field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
        {
            yield return Field(field);
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(IsVisible))
        {
            yield return $"{Access(constructor)}{type.Name}({CSharpText.Parameters(constructor.GetParameters())})";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared).Where(property => Accessors(property).Any()))
        {
            yield return Property(property);
        }

        foreach (EventInfo happening in type.GetEvents(Declared).Where(happening => IsVisible(happening.AddMethod!)))
        {
            yield return $"event {CSharpText.Name(happening.EventHandlerType!)} {happening.Name}";
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

    private static string Field(FieldInfo field)
    {
        string type = CSharpText.TypeOf(field);
        return field.DeclaringType!.IsEnum ? $"{field.Name} = {CSharpText.Value(field.GetRawConstantValue())}"
            : field.IsLiteral ? $"const {type} {field.Name} = {CSharpText.Value(field.GetRawConstantValue())}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private static string Property(PropertyInfo property)
    {
        string parameters = CSharpText.Parameters(property.GetIndexParameters());
        string name = parameters.Length == 0 ? property.Name : $"this[{parameters}]";
        string accessors = string.Join(' ', Accessors(property).Select(Accessor).Order(StringComparer.Ordinal));
        bool required = property.IsDefined(typeof(RequiredMemberAttribute));
        return $"{Access(Accessors(property).First())}{(required ? "required " : "")}"
            + $"{CSharpText.TypeOf(property)} {name} {{ {accessors} }}";
    }

    private static IEnumerable<MethodInfo> Accessors(PropertyInfo property) =>
        property.GetAccessors(nonPublic: true).Where(IsVisible);

    private static string Accessor(MethodInfo accessor) =>
        accessor.Name.StartsWith("get_", StringComparison.Ordinal) ? "get;"
        : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;";

    private static string Method(MethodInfo method)
    {
        Type[] generics = method.GetGenericArguments();
        string parameters = generics.Length == 0 ? "" : $"<{string.Join(", ", generics.Select(type => type.Name))}>";
        return $"{Access(method)}{CSharpText.ResultOf(method)} "
            + $"{method.Name}{parameters}({CSharpText.Parameters(method.GetParameters())}){string.Concat(generics.Select(Constraints))}";
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

        all.AddRange(parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(CSharpText.Name));
        return all.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", all)}";
    }

    private static string Access(MethodBase method) =>
        $"{(method.IsPublic ? "" : "protected ")}{(method.IsStatic ? "static " : "")}{Dispatch(method)}";

    private static string Dispatch(MethodBase method) =>
        method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? ""
        : IsOverride(method) ? "override "
        : method.IsAbstract ? "abstract " : "virtual ";

    private static bool IsOverride(MethodBase method) => method is MethodInfo info && info.GetBaseDefinition() != info;
}
