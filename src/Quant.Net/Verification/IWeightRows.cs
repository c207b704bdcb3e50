using Quant.Net.IO;
using Quant.Net.Slicing;

namespace Quant.Net.Verification;

/// <summary>A matrix that decodes row by row, or several of one shape behind each other.</summary>
internal interface IWeightRows
{
    /// <summary>Its name in the model.</summary>
    string Name { get; }

    /// <summary>The file that it is in.</summary>
    string Path { get; }

    /// <summary>What it is packed as, for messages; parts are packed as the whole is.</summary>
    string Kind { get; }

    /// <summary>What its file says it is a part of; null if it says nothing.</summary>
    PartMark? Mark { get; }

    /// <summary>Rows of all matrices.</summary>
    long Rows { get; }

    /// <summary>Rows of a matrix.</summary>
    long MatrixRows { get; }

    /// <summary>Values of a row.</summary>
    long Columns { get; }

    /// <summary>Bytes of a decoded value.</summary>
    int ValueBytes { get; }

    /// <summary>Whether values are decoded to float32, and not those of the file.</summary>
    bool IsDecoded { get; }

    /// <summary>Bytes of it in its files.</summary>
    long StoredBytes { get; }

    /// <summary>Decodes rows.</summary>
    void Read(long row, int rows, Span<byte> values);

    /// <summary>Features in a direction.</summary>
    long Length(MatrixAxis axis) => axis == MatrixAxis.Output ? MatrixRows : Columns;

    /// <summary>File and name, for the beginning of a message.</summary>
    string Place => $"{ErrorText.EscapePath(Path)}: {ErrorText.Quote(Name)}";
}
