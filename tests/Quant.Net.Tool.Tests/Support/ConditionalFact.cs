namespace Quant.Net.Tool.Tests.Support;

/// <summary>A test that needs Linux and its shell.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "needs Linux";
        }
    }
}

/// <summary>Several such tests.</summary>
internal sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "needs Linux";
        }
    }
}

/// <summary>A test that needs a shell that not every Linux has.</summary>
internal sealed class ShellFactAttribute : FactAttribute
{
    public ShellFactAttribute(string shell)
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator) ?? [];
        if (!OperatingSystem.IsLinux() || !folders.Any(folder => File.Exists(Path.Combine(folder, shell))))
        {
            Skip = $"needs Linux and {shell}";
        }
    }
}

/// <summary>A test that takes minutes and gigabytes.</summary>
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("QUANTNET_TEST_LONG") != "1")
        {
            Skip = "needs Linux; long mode only (QUANTNET_TEST_LONG=1)";
        }
    }
}

/// <summary>A test that needs to be denied something, which never happens to root.</summary>
internal sealed class UnprivilegedFactAttribute : FactAttribute
{
    public UnprivilegedFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.IsPrivilegedProcess)
        {
            Skip = "needs Linux and a user other than root";
        }
    }
}

/// <summary>A test that mounts a file system.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Skip = "needs Linux and root, to mount a small file system";
        }
    }
}

/// <summary>A test that presses Ctrl-C. Processes that a shell started in the background never notice it.</summary>
internal sealed class InterruptFactAttribute : FactAttribute
{
    private const ulong InterruptBit = 1 << (2 - 1);

    public InterruptFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "needs Linux";
            return;
        }

        string ignored = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        if ((Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) & InterruptBit) != 0)
        {
            Skip = "SIGINT is ignored in this process and so in its children";
        }
    }
}
