namespace Quant.Net.IO;

/// <summary>What the writers of all containers have in common once their tensors are declared.</summary>
internal interface IModelWriter : IDisposable
{
    /// <summary>Bytes of the files when they are complete.</summary>
    long DeclaredLength { get; }

    /// <summary>The files, as they will be named.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Appends bytes of a tensor.</summary>
    void Write(string tensor, ReadOnlySpan<byte> data);

    /// <summary>Passes over bytes of a tensor that an earlier run has written.</summary>
    void Skip(string tensor, int count);

    /// <summary>Gives the files their names.</summary>
    void Complete();
}
