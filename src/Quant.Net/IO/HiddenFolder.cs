namespace Quant.Net.IO;

/// <summary>
/// A folder that is made beside its place under a hidden name, and gets its own when it is whole; disposed before that, it leaves nothing.
/// </summary>
internal sealed class HiddenFolder : IDisposable
{
    /// <summary>Makes it.</summary>
    /// <param name="place">Where it will be, as a full path.</param>
    /// <exception cref="IOException">The system refused; or <see cref="UnauthorizedAccessException"/>.</exception>
    public HiddenFolder(string place)
    {
        (Place, Hidden) = (place, AtomicFile.UnfinishedPath(place));
        AtomicFile.OpenHidden(place, Hidden, () => Directory.CreateDirectory(Hidden));
    }

    /// <summary>Where it will be.</summary>
    public string Place { get; }

    /// <summary>Where it is for now.</summary>
    public string Hidden { get; }

    /// <summary>Where something in it will be.</summary>
    public string PlaceOf(string file) => Path.Combine(Place, Path.GetRelativePath(Hidden, file));

    /// <summary>Writes something in it. What the system refuses is told of where it would be: nobody has heard of the hidden place.</summary>
    public T Write<T>(Func<T> write)
    {
        string hidden = ErrorText.EscapePath(Hidden), place = ErrorText.EscapePath(Place);
        bool IsOfHidden(Exception refused) => refused.Message.Contains(hidden, StringComparison.Ordinal);
        string Told(Exception refused) => refused.Message.Replace(hidden, place, StringComparison.Ordinal);
        try
        {
            return write();
        }
        catch (UnauthorizedAccessException refused) when (IsOfHidden(refused))
        {
            throw new UnauthorizedAccessException(Told(refused), refused);
        }
        catch (IOException refused) when (IsOfHidden(refused))
        {
            throw new IOException(Told(refused), refused);
        }
    }

    /// <summary>Removes what is not complete.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Hidden))
        {
            Directory.Delete(Hidden, recursive: true);
        }
    }
}
