using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quant.Net.Bindings.Clang;

/// <summary>A header that libclang has parsed.</summary>
internal sealed unsafe class TranslationUnit : IDisposable
{
    private readonly void* _index;
    private readonly void* _unit;

    public TranslationUnit(string path, string includeDirectory)
    {
        // No system headers and a fixed target: the result is the same wherever this runs. (The layout of the structs is too: they
        // use only types that are as large on 64-bit Windows and Linux; the layout test looks on each.)
        string[] arguments =
        [
            "-x", "c", "-std=c17", "--target=x86_64-unknown-linux-gnu", "-ffreestanding", "-nostdinc", "-isystem", includeDirectory,
        ];
        _index = LibClang.clang_createIndex(0, 0);
        int error = LibClang.clang_parseTranslationUnit2(
            _index, path, arguments, arguments.Length, null, 0, LibClang.DetailedPreprocessingRecord, out _unit);
        if (error != 0)
        {
            throw new GeneratorException($"{path}: libclang gave error {error}, expected a header that it can parse");
        }

        ThrowOnErrors();
    }

    /// <summary>The header's own declarations and macros, in order.</summary>
    public IEnumerable<LibClang.Cursor> Declarations() =>
        Children(LibClang.clang_getTranslationUnitCursor(_unit))
            .Where(cursor => LibClang.clang_Location_isFromMainFile(LibClang.clang_getCursorLocation(cursor)) != 0);

    public static List<LibClang.Cursor> Children(LibClang.Cursor parent)
    {
        List<LibClang.Cursor> children = [];
        GCHandle handle = GCHandle.Alloc(children);
        LibClang.clang_visitChildren(parent, &Collect, (void*)GCHandle.ToIntPtr(handle));
        handle.Free();
        return children;
    }

    /// <summary>The words of a declaration or macro.</summary>
    public string[] Tokens(LibClang.Cursor cursor)
    {
        LibClang.Token* tokens;
        uint count;
        LibClang.clang_tokenize(_unit, LibClang.clang_getCursorExtent(cursor), &tokens, &count);
        string[] words = new string[count];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = ClangText.Take(LibClang.clang_getTokenSpelling(_unit, tokens[i]));
        }

        LibClang.clang_disposeTokens(_unit, tokens, count);
        return words;
    }

    /// <summary>The line on which a declaration or macro begins, from 1.</summary>
    public static int Line(LibClang.Cursor cursor)
    {
        uint line;
        LibClang.clang_getExpansionLocation(LibClang.clang_getCursorLocation(cursor), null, &line, null, null);
        return (int)line;
    }

    public void Dispose()
    {
        LibClang.clang_disposeTranslationUnit(_unit);
        LibClang.clang_disposeIndex(_index);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Collect(LibClang.Cursor cursor, LibClang.Cursor parent, void* data)
    {
        const int VisitContinue = 1;
        ((List<LibClang.Cursor>)GCHandle.FromIntPtr((nint)data).Target!).Add(cursor);
        return VisitContinue;
    }

    private void ThrowOnErrors()
    {
        List<string> errors = [];
        for (uint i = 0; i < LibClang.clang_getNumDiagnostics(_unit); i++)
        {
            void* diagnostic = LibClang.clang_getDiagnostic(_unit, i);
            if (LibClang.clang_getDiagnosticSeverity(diagnostic) >= LibClang.SeverityError)
            {
                errors.Add(ClangText.Take(LibClang.clang_formatDiagnostic(diagnostic, LibClang.clang_defaultDiagnosticDisplayOptions())));
            }

            LibClang.clang_disposeDiagnostic(diagnostic);
        }

        if (errors.Count > 0)
        {
            throw new GeneratorException(string.Join(Environment.NewLine, errors));
        }
    }
}
