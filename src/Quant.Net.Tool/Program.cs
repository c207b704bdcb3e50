using Quant.Net.Tool.CommandLine;

return await ToolRun.RunAsync(args);
