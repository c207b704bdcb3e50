using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quant.Net.IO;

/// <summary>
/// What lets work that was interrupted go on. Its files are written under temporary names that stay the same, <c>.NAME.partial</c>,
/// and a log beside them, <c>.NAME.resume</c>, says which work it is and, line by line, how much is known to be on the disk. Only
/// ever appended to, it is valid to its last whole line whenever the process is killed; and it is locked while it is open, so that two
/// processes do not write the same files.
/// </summary>
internal sealed class ResumeLog : IDisposable
{
    private const string Title = "quantnet resume 1 ";

    private readonly FileStream _stream;
    private readonly List<AtomicFile> _files = [];
    private readonly Dictionary<string, ResumeFile> _known = new(StringComparer.Ordinal);
    private bool _completed;

    private ResumeLog(FileStream stream, CancellationToken cancellation)
    {
        _stream = stream;
        Cancellation = cancellation;
    }

    /// <summary>How many chunks are done.</summary>
    public int Chunks { get; private set; }

    /// <summary>How many values of each tensor have become infinite in them.</summary>
    public IReadOnlyDictionary<string, long> Overflows { get; private set; } = new Dictionary<string, long>();

    /// <summary>Ends checks of what is there.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Bytes that are there already.</summary>
    public long BytesThere => _known.Values.Sum(file => file.Bytes);

    /// <summary>Opens the log of an output, or begins it.</summary>
    /// <param name="outputPath">The output.</param>
    /// <param name="work">What identifies the work: the same input and the same options, for the same bytes.</param>
    /// <param name="cancellation">Ends checks of what is there.</param>
    /// <exception cref="IOException">It is the log of other work, or another process has it open.</exception>
    public static ResumeLog Open(string outputPath, string work, CancellationToken cancellation)
    {
        string path = AtomicFile.HiddenName(outputPath, "resume");
        FileStream stream = AtomicFile.OpenHidden(
            outputPath, path, () => new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        try
        {
            var log = new ResumeLog(stream, cancellation);
            log.Read(outputPath, work);
            return log;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>What is known of a file; null if nothing is.</summary>
    public ResumeFile? Find(string name) => _known.GetValueOrDefault(name);

    /// <summary>Takes note of a file that is being written.</summary>
    public void Add(AtomicFile file) => _files.Add(file);

    /// <summary>Waits until everything written so far is on the disk, and says so.</summary>
    public void Save(int chunks, IReadOnlyDictionary<string, long> overflows)
    {
        ResumeFile[] changed = _files.Select(file => file.FlushKnown()).Where(file => Find(file.Name) != file).ToArray();
        var state = new ResumeState(chunks, changed, overflows);
        Append(JsonSerializer.Serialize(state, ResumeJson.Default.ResumeState));
        Take(state);
    }

    /// <summary>The work is done: the log goes.</summary>
    public void Complete() => _completed = true;

    public void Dispose()
    {
        _stream.Dispose();
        if (_completed || _known.Count == 0)
        {
            File.Delete(_stream.Name);
        }
    }

    private void Read(string outputPath, string work)
    {
        byte[] bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);
        int whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;   // a line that was cut off was not saved
        _stream.SetLength(whole);
        _stream.Position = whole;
        if (whole == 0)
        {
            Append(Title + work);
            return;
        }

        string[] lines = Encoding.UTF8.GetString(bytes, 0, whole - 1).Split('\n');
        if (lines[0] != Title + work)
        {
            throw Fault(outputPath, "is about other work: another model, other options or another version");
        }

        foreach (string line in lines.AsSpan(1))
        {
            Take(Parse(line) ?? throw Fault(outputPath, "is damaged"));
        }
    }

    private void Take(ResumeState state)
    {
        Chunks = state.Chunks;
        Overflows = state.Overflows;
        foreach (ResumeFile file in state.Files)
        {
            _known[file.Name] = file;
        }
    }

    private static ResumeState? Parse(string line)
    {
        try
        {
            ResumeState? state = JsonSerializer.Deserialize(line, ResumeJson.Default.ResumeState);
            bool isWhole = state is { Chunks: >= 0, Files: not null, Overflows: not null }
                && state.Files.All(file => file is { Name: not null, Bytes: >= 0, Sha256: not null });
            return isWhole ? state : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IOException Fault(string outputPath, string what)
    {
        string name = ErrorText.EscapePath(AtomicFile.HiddenName(outputPath, "resume"));
        return new IOException($"{ErrorText.EscapePath(outputPath)}: cannot go on, because {name} {what}; delete that file to begin anew");
    }

    private void Append(string line)
    {
        _stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _stream.Flush(flushToDisk: true);
    }
}

/// <summary>How far some work has come.</summary>
/// <param name="Chunks">Chunks that are done.</param>
/// <param name="Files">What is known of the files that have changed since the line before.</param>
/// <param name="Overflows">Values that have become infinite, by tensor.</param>
internal sealed record ResumeState(int Chunks, IReadOnlyList<ResumeFile> Files, IReadOnlyDictionary<string, long> Overflows);

/// <summary>What is known of a file.</summary>
/// <param name="Name">Its name when it is complete.</param>
/// <param name="Bytes">How many of its bytes are on the disk.</param>
/// <param name="Sha256">Their SHA-256.</param>
internal sealed record ResumeFile(string Name, long Bytes, string Sha256);

/// <summary>How a state is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ResumeState))]
internal sealed partial class ResumeJson : JsonSerializerContext;
