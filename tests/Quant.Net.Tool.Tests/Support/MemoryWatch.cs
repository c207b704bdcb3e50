using System.Diagnostics;
using System.Globalization;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>Watches how much memory a process uses while it runs, as Linux tells it.</summary>
internal static class MemoryWatch
{
    /// <summary>Runs the tool to its end.</summary>
    /// <returns>What it printed, the most memory that was resident, and the most that no file stands behind.</returns>
    public static (ToolResult Result, long PeakResident, long PeakAnonymous) Run(params string[] arguments)
    {
        Process process = CommandLineTool.Start(arguments);
        string status = $"/proc/{process.Id}/status";
        long resident = 0, anonymous = 0;
        Task<ToolResult> result = Task.Run(() => CommandLineTool.Finish(process));
        while (!result.IsCompleted)
        {
            resident = Math.Max(resident, Read(status, "VmHWM:"));
            anonymous = Math.Max(anonymous, Read(status, "RssAnon:"));
            Thread.Sleep(2);
        }

        return (result.GetAwaiter().GetResult(), resident, anonymous);
    }

    private static long Read(string status, string key)
    {
        try
        {
            string? line = File.ReadLines(status).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[key.Length..^" kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;   // it has just ended
        }
    }
}
