using System.Runtime.InteropServices;

namespace Quant.Net.Bindings.Clang;

/// <summary>
/// The part of libclang's C interface (clang-c/Index.h) that is used here. Numbers and layouts are stable since libclang 16.
/// </summary>
internal static unsafe partial class LibClang
{
    public const string LibraryName = "libclang";

    public const uint DetailedPreprocessingRecord = 1;
    public const int SeverityError = 3;

    public enum CursorKind
    {
        StructDecl = 2,
        EnumDecl = 5,
        FieldDecl = 6,
        EnumConstantDecl = 7,
        FunctionDecl = 8,
        TypedefDecl = 20,
        MacroDefinition = 501,
    }

    public enum TypeKind
    {
        Void = 2,
        Pointer = 101,
        Record = 105,
        Enum = 106,
        Typedef = 107,
        ConstantArray = 112,
        Elaborated = 119,
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct String
    {
        public void* Data;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Cursor
    {
        public CursorKind Kind;
        public int Extra;
        public void* Data0, Data1, Data2;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Type
    {
        public TypeKind Kind;
        public void* Data0, Data1;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Location
    {
        public void* Data0, Data1;
        public uint Offset;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Range
    {
        public void* Data0, Data1;
        public uint Begin, End;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Token
    {
        public uint Word0, Word1, Word2, Word3;
        public void* Data;
    }

    [LibraryImport(LibraryName)]
    public static partial String clang_getClangVersion();

    [LibraryImport(LibraryName)]
    public static partial byte* clang_getCString(String text);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeString(String text);

    [LibraryImport(LibraryName)]
    public static partial void* clang_createIndex(int excludeDeclarationsFromPch, int displayDiagnostics);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeIndex(void* index);

    [LibraryImport(LibraryName, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int clang_parseTranslationUnit2(
        void* index, string path, string[] arguments, int argumentCount, void* unsavedFiles, uint unsavedCount, uint options,
        out void* unit);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeTranslationUnit(void* unit);

    [LibraryImport(LibraryName)]
    public static partial uint clang_getNumDiagnostics(void* unit);

    [LibraryImport(LibraryName)]
    public static partial void* clang_getDiagnostic(void* unit, uint index);

    [LibraryImport(LibraryName)]
    public static partial int clang_getDiagnosticSeverity(void* diagnostic);

    [LibraryImport(LibraryName)]
    public static partial uint clang_defaultDiagnosticDisplayOptions();

    [LibraryImport(LibraryName)]
    public static partial String clang_formatDiagnostic(void* diagnostic, uint options);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeDiagnostic(void* diagnostic);

    [LibraryImport(LibraryName)]
    public static partial Cursor clang_getTranslationUnitCursor(void* unit);

    [LibraryImport(LibraryName)]
    public static partial uint clang_visitChildren(
        Cursor parent, delegate* unmanaged[Cdecl]<Cursor, Cursor, void*, int> visitor, void* data);

    [LibraryImport(LibraryName)]
    public static partial Location clang_getCursorLocation(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial int clang_Location_isFromMainFile(Location location);

    [LibraryImport(LibraryName)]
    public static partial void clang_getExpansionLocation(Location location, void** file, uint* line, uint* column, uint* offset);

    [LibraryImport(LibraryName)]
    public static partial Range clang_getCursorExtent(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial void clang_tokenize(void* unit, Range range, Token** tokens, uint* count);

    [LibraryImport(LibraryName)]
    public static partial String clang_getTokenSpelling(void* unit, Token token);

    [LibraryImport(LibraryName)]
    public static partial void clang_disposeTokens(void* unit, Token* tokens, uint count);

    [LibraryImport(LibraryName)]
    public static partial String clang_getCursorSpelling(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial String clang_Cursor_getRawCommentText(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_isCursorDefinition(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_Cursor_isMacroFunctionLike(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_Cursor_isBitField(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial uint clang_Cursor_isVariadic(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial long clang_getEnumConstantDeclValue(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial long clang_Cursor_getOffsetOfField(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial int clang_Cursor_getNumArguments(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial Cursor clang_Cursor_getArgument(Cursor cursor, uint index);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getCursorType(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getCursorResultType(Cursor cursor);

    [LibraryImport(LibraryName)]
    public static partial String clang_getTypeSpelling(Type type);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getPointeeType(Type type);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getCanonicalType(Type type);

    [LibraryImport(LibraryName)]
    public static partial Type clang_Type_getNamedType(Type type);

    [LibraryImport(LibraryName)]
    public static partial String clang_getTypedefName(Type type);

    [LibraryImport(LibraryName)]
    public static partial Cursor clang_getTypeDeclaration(Type type);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getArrayElementType(Type type);

    [LibraryImport(LibraryName)]
    public static partial long clang_getArraySize(Type type);

    [LibraryImport(LibraryName)]
    public static partial Type clang_getUnqualifiedType(Type type);

    [LibraryImport(LibraryName)]
    public static partial long clang_Type_getSizeOf(Type type);

    [LibraryImport(LibraryName)]
    public static partial long clang_Type_getAlignOf(Type type);
}
