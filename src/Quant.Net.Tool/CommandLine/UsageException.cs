namespace Quant.Net.Tool.CommandLine;

/// <summary>The command line makes no sense, but that shows only while the command runs.</summary>
internal sealed class UsageException(string message) : Exception(message);
