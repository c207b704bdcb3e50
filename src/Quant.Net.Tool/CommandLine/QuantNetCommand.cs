using System.CommandLine;
using System.CommandLine.Help;
using Quant.Net.Tool.Bench;
using Quant.Net.Tool.Compare;
using Quant.Net.Tool.Completion;
using Quant.Net.Tool.Dequantize;
using Quant.Net.Tool.Doctor;
using Quant.Net.Tool.Extract;
using Quant.Net.Tool.Formats;
using Quant.Net.Tool.Inspect;
using Quant.Net.Tool.Metadata;
using Quant.Net.Tool.Output;
using Quant.Net.Tool.Quantize;
using Quant.Net.Tool.Slice;
using Quant.Net.Tool.Split;
using Quant.Net.Tool.Verify;

namespace Quant.Net.Tool.CommandLine;

/// <summary>The whole command line: <c>quantnet</c> and its commands.</summary>
internal static class QuantNetCommand
{
    public static RootCommand Create(ToolConsole console)
    {
        var root = new RootCommand("Inspects GGUF models, decodes their quantized weights and quantizes others, exactly and fast.")
        {
            CommonOptions.Json,
            CommonOptions.Quiet,
            new InspectCommand(console),
            new DequantizeCommand(console),
            new QuantizeCommand(console),
            new ExtractCommand(console),
            new SplitCommand(console),
            new MergeCommand(console),
            new MetadataCommand(console),
            new SliceCommand(console),
            new ConcatCommand(console),
            new VerifyCommand(console),
            new CompareCommand(console),
            new FormatsCommand(console),
            new DoctorCommand(console),
            new BenchCommand(console),
            new CompletionCommand(console),
        };

        foreach (Option option in root.Options)
        {
            switch (option)
            {
                case HelpOption { Action: HelpAction usual }:
                    option.Action = new HelpWithExamples(usual);
                    break;
                case VersionOption:
                    option.Action = new PrintVersion();
                    break;
            }
        }

        return root;
    }
}
