using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Quant.Net.IO;

/// <summary>
/// Which file a path leads to in the end, through symbolic links and hard links. Two paths with equal identities are one
/// file: writing one would destroy the other.
/// </summary>
/// <param name="Device">The volume, where the system tells.</param>
/// <param name="Number">The file's number on its volume, where the system tells.</param>
/// <param name="Path">The resolved path where the system tells no numbers, else empty.</param>
internal readonly partial record struct FileIdentity(ulong Device, ulong Number, string Path)
{
    /// <summary>The identity of the file at a path; null if there is none.</summary>
    public static FileIdentity? Of(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        if (OperatingSystem.IsLinux() && TryStatx(path, out byte[] facts))
        {
            return new FileIdentity(BinaryPrimitives.ReadUInt64LittleEndian(facts.AsSpan(StatxDevice)),
                BinaryPrimitives.ReadUInt64LittleEndian(facts.AsSpan(StatxInode)), "");
        }

        if (OperatingSystem.IsWindows() && TryWindows(path, out FileIdentity identity))
        {
            return identity;
        }

        string full = System.IO.Path.GetFullPath(path);
        return new FileIdentity(0, 0, new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full);
    }

    /// <summary>Whether a path leads to something that would not end or not hold still when read: a pipe, a device, a socket.</summary>
    public static bool IsSpecialFile(string path) =>
        OperatingSystem.IsLinux()
        && TryStatx(path, out byte[] facts)
        && (BinaryPrimitives.ReadUInt16LittleEndian(facts.AsSpan(StatxMode)) & 0xF000) is not (0x8000 or 0x4000);

    // struct statx is the same on every architecture, which struct stat is not.
    private const int StatxSize = 256, StatxMode = 28, StatxInode = 32, StatxDevice = 136;

    private static unsafe bool TryStatx(string path, out byte[] facts)
    {
        const int CurrentDirectory = -100;
        const uint TypeAndInode = 0x101;
        facts = new byte[StatxSize];
        try
        {
            fixed (byte* destination = facts)
            {
                return Statx(CurrentDirectory, path, 0, TypeAndInode, destination) == 0;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false;   // glibc before 2.28
        }
    }

    private static unsafe bool TryWindows(string path, out FileIdentity identity)
    {
        byte* facts = stackalloc byte[52];   // BY_HANDLE_FILE_INFORMATION
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        bool known = GetFileInformationByHandle(handle, facts) != 0;
        var fields = new ReadOnlySpan<byte>(facts, 52);
        ulong volume = BinaryPrimitives.ReadUInt32LittleEndian(fields[28..]);
        ulong high = BinaryPrimitives.ReadUInt32LittleEndian(fields[44..]);
        ulong low = BinaryPrimitives.ReadUInt32LittleEndian(fields[48..]);
        identity = new FileIdentity(volume, (high << 32) | low, "");
        return known;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* facts);

    [LibraryImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static unsafe partial int GetFileInformationByHandle(SafeHandle file, byte* facts);
}
