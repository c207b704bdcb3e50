using System.Text.RegularExpressions;
using Quant.Net.Bindings.Model;

namespace Quant.Net.Bindings.Clang;

/// <summary>Reads a C header into a <see cref="Header"/>. Refuses what a C interface should not have.</summary>
internal sealed partial class HeaderParser
{
    private readonly TranslationUnit _unit;
    private readonly string _path;
    private readonly string[] _lines;
    private readonly List<CConstant> _constants = [];
    private readonly List<CEnum> _enums = [];
    private readonly List<CStruct> _structs = [];
    private readonly List<COpaque> _opaques = [];
    private readonly List<CFunction> _functions = [];

    private HeaderParser(TranslationUnit unit, string path)
    {
        _unit = unit;
        _path = path;
        _lines = File.ReadAllLines(path);
    }

    public static Header Parse(string path, string includeDirectory)
    {
        using TranslationUnit unit = new(path, includeDirectory);
        return new HeaderParser(unit, path).Parse();
    }

    private Header Parse()
    {
        foreach (LibClang.Cursor cursor in _unit.Declarations())
        {
            try
            {
                Read(cursor);
            }
            catch (GeneratorException e)
            {
                throw new GeneratorException($"{_path}:{TranslationUnit.Line(cursor)}: {ClangText.Name(cursor)}: {e.Message}");
            }
        }

        // A struct is declared before it is defined; only those never defined are opaque.
        _opaques.RemoveAll(opaque => _structs.Exists(s => s.Name == opaque.Name));
        return new Header(_constants, _enums, _structs, _opaques, _functions);
    }

    private void Read(LibClang.Cursor cursor)
    {
        switch (cursor.Kind)
        {
            case LibClang.CursorKind.MacroDefinition:
                ReadMacro(cursor);
                break;
            case LibClang.CursorKind.EnumDecl:
                _enums.Add(new CEnum(ClangText.Name(cursor), [.. TranslationUnit.Children(cursor).Select(ReadMember)], Comment(cursor)));
                break;
            case LibClang.CursorKind.StructDecl when LibClang.clang_isCursorDefinition(cursor) != 0:
                _structs.Add(ReadStruct(cursor));
                break;
            case LibClang.CursorKind.StructDecl:
                _opaques.Add(new COpaque(ClangText.Name(cursor), Comment(cursor)));
                break;
            case LibClang.CursorKind.FunctionDecl:
                _functions.Add(ReadFunction(cursor));
                break;
            case LibClang.CursorKind.TypedefDecl:
                ReadTypedef(cursor);
                break;
            default:
                // Macro uses and inclusions come as cursors too; declarations of other kinds have no place in the interface.
                if ((int)cursor.Kind < (int)LibClang.CursorKind.MacroDefinition)
                {
                    throw new GeneratorException($"a declaration of kind {cursor.Kind}, expected a function, struct, enum or typedef");
                }

                break;
        }
    }

    private void ReadMacro(LibClang.Cursor cursor)
    {
        string[] tokens = _unit.Tokens(cursor);
        bool hasValue = tokens.Length > 1;
        if (!hasValue || LibClang.clang_Cursor_isMacroFunctionLike(cursor) != 0)
        {
            return; // an include guard, or QN_API
        }

        if (tokens.Length != 2 || !IntegerLiteral().IsMatch(tokens[1]))
        {
            throw new GeneratorException($"its value is '{string.Join(' ', tokens[1..])}', expected one integer");
        }

        _constants.Add(new CConstant(tokens[0], tokens[1], MacroComment(TranslationUnit.Line(cursor))));
    }

    // "typedef struct x x;" gives the struct a comment; otherwise structs and enums stand for themselves.
    private void ReadTypedef(LibClang.Cursor cursor)
    {
        int opaque = _opaques.FindIndex(o => o.Name == ClangText.Name(cursor));
        if (opaque >= 0)
        {
            _opaques[opaque] = _opaques[opaque] with { Doc = Comment(cursor) };
        }
    }

    private static CEnumMember ReadMember(LibClang.Cursor cursor) =>
        new(ClangText.Name(cursor), LibClang.clang_getEnumConstantDeclValue(cursor), Comment(cursor));

    private static CStruct ReadStruct(LibClang.Cursor cursor)
    {
        LibClang.Type type = LibClang.clang_getCursorType(cursor);
        return new CStruct(
            ClangText.Name(cursor), LibClang.clang_Type_getSizeOf(type), LibClang.clang_Type_getAlignOf(type),
            [.. TranslationUnit.Children(cursor).Where(c => c.Kind == LibClang.CursorKind.FieldDecl).Select(ReadField)], Comment(cursor));
    }

    private static CField ReadField(LibClang.Cursor cursor)
    {
        string name = ClangText.Name(cursor);
        if (LibClang.clang_Cursor_isBitField(cursor) != 0)
        {
            throw new GeneratorException($"{name} is a bit-field, expected whole bytes");
        }

        const int BitsPerByte = 8;
        LibClang.Type type = LibClang.clang_getCursorType(cursor);
        return new CField(
            name, TypeReader.Read(type), LibClang.clang_Cursor_getOffsetOfField(cursor) / BitsPerByte,
            LibClang.clang_Type_getSizeOf(type), Comment(cursor));
    }

    private static CFunction ReadFunction(LibClang.Cursor cursor)
    {
        if (LibClang.clang_Cursor_isVariadic(cursor) != 0)
        {
            throw new GeneratorException("takes any number of arguments, expected a fixed list");
        }

        List<CParameter> parameters = [];
        for (int i = 0; i < LibClang.clang_Cursor_getNumArguments(cursor); i++)
        {
            LibClang.Cursor argument = LibClang.clang_Cursor_getArgument(cursor, (uint)i);
            parameters.Add(new CParameter(ClangText.Name(argument), TypeReader.Read(LibClang.clang_getCursorType(argument))));
        }

        DocComment doc = Comment(cursor);
        if (doc.Parameters.Keys.FirstOrDefault(name => !parameters.Exists(p => p.Name == name)) is { } unknown)
        {
            throw new GeneratorException(
                $"the comment has @param {unknown}, expected one of {string.Join(", ", parameters.Select(p => p.Name))}");
        }

        return new CFunction(ClangText.Name(cursor), TypeReader.Read(LibClang.clang_getCursorResultType(cursor)), parameters, doc);
    }

    private static DocComment Comment(LibClang.Cursor cursor) =>
        DocComment.Parse(ClangText.Take(LibClang.clang_Cursor_getRawCommentText(cursor)));

    // libclang attaches no comments to macros: take the one that ends on the line above.
    private DocComment MacroComment(int line)
    {
        int last = line - 2;
        if (last < 0 || !_lines[last].EndsWith("*/", StringComparison.Ordinal))
        {
            return DocComment.None;
        }

        int first = Array.FindLastIndex(_lines, last, text => text.StartsWith("/**", StringComparison.Ordinal));
        return first < 0 ? DocComment.None : DocComment.Parse(string.Join('\n', _lines[first..(last + 1)]));
    }

    [GeneratedRegex("^(0x[0-9A-Fa-f]+|[0-9]+)$")]
    private static partial Regex IntegerLiteral();
}
