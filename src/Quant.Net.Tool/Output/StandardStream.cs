namespace Quant.Net.Tool.Output;

/// <summary>A standard stream for writing: its errors say which one it is, or are lost together with what could not be written.</summary>
internal sealed class StandardStream : Stream
{
    private readonly string _name;
    private readonly Stream? _stream;   // null if it is closed
    private readonly bool _isLossy;

    private StandardStream(string name, int descriptor, Func<Stream> open, bool isLossy)
    {
        _name = name;
        _stream = Inheritance.IsInherited(descriptor) ? open() : null;
        _isLossy = isLossy;
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Where results go: whoever asked for them must learn that they did not arrive.</summary>
    public static StandardStream ForResults() => new("standard output", 1, Console.OpenStandardOutput, isLossy: false);

    /// <summary>Where messages and progress go: if nobody can read them, that changes nothing about the work.</summary>
    public static StandardStream ForMessages() => new("standard error", 2, Console.OpenStandardError, isLossy: true);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            (_stream ?? throw new IOException("is closed")).Write(buffer);
        }
        catch (Exception refused) when (_isLossy && refused is IOException or UnauthorizedAccessException)
        {
        }
        catch (UnauthorizedAccessException closed)
        {
            throw new IOException($"{_name}: is closed", closed);
        }
        catch (IOException refused)
        {
            throw new IOException($"{_name}: {refused.Message}", refused);
        }
    }

    public override void Flush() => _stream?.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
