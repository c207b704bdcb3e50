namespace Quant.Net.Bindings.Model;

/// <summary>What a C header declares, in its order, free of anything that belongs to a compiler or to C#.</summary>
internal sealed record Header(
    IReadOnlyList<CConstant> Constants,
    IReadOnlyList<CEnum> Enums,
    IReadOnlyList<CStruct> Structs,
    IReadOnlyList<COpaque> Opaques,
    IReadOnlyList<CFunction> Functions);

/// <summary>A macro whose value is one integer.</summary>
internal sealed record CConstant(string Name, string Value, DocComment Doc);

internal sealed record CEnum(string Name, IReadOnlyList<CEnumMember> Members, DocComment Doc);

internal sealed record CEnumMember(string Name, long Value, DocComment Doc);

internal sealed record CStruct(string Name, long Size, long Alignment, IReadOnlyList<CField> Fields, DocComment Doc);

internal sealed record CField(string Name, CType Type, long Offset, long Size, DocComment Doc);

/// <summary>A struct that is only ever pointed to.</summary>
internal sealed record COpaque(string Name, DocComment Doc);

internal sealed record CFunction(string Name, CType Result, IReadOnlyList<CParameter> Parameters, DocComment Doc);

internal sealed record CParameter(string Name, CType Type);

/// <summary>A type as far as the header may use one: a named type, behind some pointers or repeated in an array.</summary>
internal sealed record CType(CTypeKind Kind, string Name, int Pointers = 0, long ArrayLength = 0);

internal enum CTypeKind
{
    Primitive,
    Enum,
    Struct,
}
