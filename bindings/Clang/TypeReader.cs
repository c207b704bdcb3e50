using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Clang;

/// <summary>Turns libclang's types into <see cref="CType"/>.</summary>
internal static class TypeReader
{
    public static CType Read(LibClang.Type type)
    {
        int pointers = 0;
        long arrayLength = 0;
        while (true)
        {
            switch (type.Kind)
            {
                // Which of "struct x", "x" and a plain typedef gives an elaborated type differs between versions of libclang.
                case LibClang.TypeKind.Elaborated:
                    type = LibClang.clang_Type_getNamedType(type);
                    break;
                case LibClang.TypeKind.Pointer:
                    type = LibClang.clang_getPointeeType(type);
                    pointers++;
                    break;
                case LibClang.TypeKind.ConstantArray when pointers == 0 && arrayLength == 0:
                    arrayLength = LibClang.clang_getArraySize(type);
                    type = LibClang.clang_getArrayElementType(type);
                    break;
                case LibClang.TypeKind.Typedef when ClangText.Take(LibClang.clang_getTypedefName(type)) is var name
                    && FixedWidthTypes.Contains(name):
                    return new CType(CTypeKind.Primitive, name, pointers, arrayLength);
                case LibClang.TypeKind.Typedef:
                    type = LibClang.clang_getCanonicalType(type);
                    break;
                case LibClang.TypeKind.Enum:
                    return new CType(CTypeKind.Enum, DeclaredName(type), pointers, arrayLength);
                case LibClang.TypeKind.Record:
                    return new CType(CTypeKind.Struct, DeclaredName(type), pointers, arrayLength);
                default:
                    // Whether such a name is one to have in an interface is for whoever maps names to decide.
                    string spelling = ClangText.Take(LibClang.clang_getTypeSpelling(LibClang.clang_getUnqualifiedType(type)));
                    return new CType(CTypeKind.Primitive, spelling, pointers, arrayLength);
            }
        }
    }

    private static readonly HashSet<string> FixedWidthTypes =
    [
        "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "size_t",
    ];

    private static string DeclaredName(LibClang.Type type) => ClangText.Name(LibClang.clang_getTypeDeclaration(type));
}
