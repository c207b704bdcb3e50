namespace Quant.Net.Tool.CommandLine;

/// <summary>The command cannot do what was asked; the message is the one line that the user reads.</summary>
internal sealed class ToolException(string message) : Exception(message);
