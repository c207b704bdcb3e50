using Quant.Net.Tool.Output;
using Quant.Net.Tool.Quantize;
using Quant.Net.Tool.Tests.Support;

namespace Quant.Net.Tool.Tests.Output;

/// <summary>The plan of <c>quantize --dry-run</c> on a terminal.</summary>
public class QuantizePlanTests
{
    [Theory]
    [InlineData(60, "Tensor", "From", "To", "Why")]
    [InlineData(80, "Tensor", "From", "To", "After", "Why")]
    [InlineData(120, "Tensor", "Shape", "From", "To", "Before", "After", "Bits", "Why")]
    public void WhatMattersIsShownOnANarrowTerminal(int width, params string[] columns)
    {
        PlannedTensor[] tensors =
        [
            new("blk.10.attn_k.weight", [512, 4096], "F16", "Q4_K", "recipe", 4 << 20, 1179648, 4.5, NeedsImportance: false),
            new("blk.10.ffn_gate_exps.weight", [8, 4096, 4100], "F16", "Q5_0", "recipe", 4 << 20, 1179648, 4.5, NeedsImportance: false)
            {
                Instead = "Q4_K",
                Note = "instead of Q4_K: rows of 4100 are not whole blocks of 256",
            },
        ];
        var plan = new QuantizeReport(
            "model.gguf", [], DryRun: true, "Q4_K_M", ArchitectureKnown: true, Parameters: 0, BytesBefore: 0, BytesAfter: 0, BitsPerWeightBefore: 0,
            BitsPerWeightAfter: 0, FileBytes: 0, Types: [], tensors, Notes: [], Faults: [], "usual", new DeviceFacts("cpu", "cpu", "", null, 1), Kernels: [],
            Warnings: []);
        string text = TerminalText.Of(width, report => PlanText.Show(plan, report, quiet: true));

        Assert.Equal(columns, TerminalText.Titles(text, "Tensor", "Shape", "From", "To", "Before", "After", "Bits", "Why"));
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.DoesNotContain('…', text);
        Assert.Contains("Q5_0", text, StringComparison.Ordinal);
    }
}
