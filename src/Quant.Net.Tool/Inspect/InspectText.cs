using System.Globalization;
using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Inspect;

/// <summary>Shows a model to people.</summary>
internal static class InspectText
{
    // Keys up to this length leave room for values at 80 columns and are not broken into lines.
    private const int LongestWholeKey = 44;

    // From this width on there is room for what matters less.
    private const int WideTerminal = 100;

    /// <summary>Writes all there is to say.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="all">Whether long metadata are shown whole.</param>
    /// <param name="withMetadata">Whether metadata are shown at all.</param>
    /// <param name="report">Where to.</param>
    public static void Write(InspectResult result, bool all, bool withMetadata, IReport report)
    {
        WriteFacts(result, report);
        if (withMetadata && result.Metadata.Count > 0)
        {
            WriteMetadata(result, all, report);
        }

        if (result.Tensors.Count > 0)
        {
            WriteTypes(result, report);
            WriteTensors(result, report);
        }

        WriteWarnings(result, report);
    }

    private static void WriteFacts(InspectResult result, IReport report)
    {
        report.Heading(Path.GetFileName(result.Files[0].Path));
        List<(string Label, Cell Value)> facts =
        [
            ("container", result.Version is { } version ? $"{result.Container.ToUpperInvariant()} version {version}" : result.Container),
            ("architecture", result.Architecture ?? "not given"),
        ];
        if (result.Name is { } name)
        {
            facts.Add(("name", name));
        }

        if (result.Quantization is { } quantization)
        {
            facts.Add(("quantization", Quantization(quantization)));
        }

        string files = result.Files.Count > 1 ? $" in {Quantity.Count(result.Files.Count, "file")}" : "";
        bool isRounded = result.FileBytes >= 1000;   // else the two are the same
        string exactly = isRounded ? $" ({Quantity.Count(result.FileBytes)} bytes)" : "";
        facts.Add(("size", $"{Quantity.Bytes(result.FileBytes)}{files}{exactly}"));
        facts.Add(("tensors", Selection(result)));
        if (result.Packed is { } packed)
        {
            AddPacked(result, packed, facts);
        }
        else if (result.Quantization is null)
        {
            facts.Add(("parameters", $"{Quantity.Count(result.Selected.Parameters)}, {Bits(result.Selected.BitsPerWeight)} bits per weight"));
            facts.Add(("in memory", $"{Quantity.Bytes(result.Selected.PackedBytes)} packed, " +
                $"{Quantity.Bytes(result.Selected.F16Bytes)} as f16, {Quantity.Bytes(result.Selected.F32Bytes)} as f32"));
        }
        else
        {
            // An integer holds several weights: how many, and what they take decoded, the tensors by themselves do not say.
            facts.Add(("elements", Quantity.Count(result.Selected.Parameters)));
            facts.Add(("in memory", $"{Quantity.Bytes(result.Selected.PackedBytes)} as it is"));
        }

        if (result.Fit is { } fit)
        {
            facts.Add(("fits", Fit(fit)));
            facts.Add(("advice", fit.Advice));
        }

        report.Facts(facts);
    }

    // Is it really quantized, what is not, and what does it take if somebody loads it with a float type?
    private static void AddPacked(InspectResult result, PackedFacts packed, List<(string Label, Cell Value)> facts)
    {
        foreach (PackedKind kind in packed.Kinds)
        {
            string groups = kind.GroupSize == 0 ? "" : $", groups of {kind.GroupSize}";
            facts.Add(("packed", $"{Quantity.Count(kind.Modules, "module")}: {kind.Layout}, {Quantity.Count(kind.Bits, "bit")}{groups}{(kind.ActOrder ? ", act-order" : "")}"));
        }

        facts.Add(("", $"{Quantity.Count(packed.Parameters)} weights in {Quantity.Bytes(packed.Bytes)}, {Bits(packed.Bytes * 8.0 / packed.Parameters)} bits per weight"));
        if (packed.Others.Count > 0)
        {
            IEnumerable<string> others = packed.Others.Select(kind => $"{kind.Kind} ({kind.Tensors}, {Quantity.Bytes(kind.Bytes)})");
            facts.Add(("not packed", $"{string.Join(", ", others)}: kept as they are, because they are small or sensitive"));
        }

        facts.Add(("in memory", $"{Quantity.Bytes(result.Selected.PackedBytes)} packed, " +
            $"{Quantity.Bytes(packed.F16Bytes)} as f16, {Quantity.Bytes(packed.F32Bytes)} as f32"));
        facts.Add(("loading", $"a loader that is asked for a float type, such as torch_dtype=float16, decodes it to {Quantity.Bytes(packed.F16Bytes)}; one for {result.Packed!.Kinds[0].Layout} keeps it packed"));
    }

    private static string Quantization(QuantizationFacts facts)
    {
        List<string> words = [facts.Method ?? "method not given"];
        if (facts.Bits is { } bits)
        {
            words.Add(Quantity.Count(bits, "bit"));
        }

        if (facts.GroupSize is { } size)
        {
            words.Add(size < 0 ? "a group for each column" : $"groups of {size}");
        }

        if (facts.Symmetric is { } symmetric)
        {
            words.Add(symmetric ? "symmetric" : "asymmetric");
        }

        if (facts.ActOrder is { } actOrder)
        {
            words.Add(actOrder ? "act-order" : "no act-order");
        }

        if (facts.CheckpointFormat is { } format)
        {
            words.Add($"checkpoint format {format}");
        }

        return $"{string.Join(", ", words)} (says {facts.Source})";
    }

    private static Cell Fit(FitFacts fit)
    {
        string into = $"into {Quantity.Bytes(fit.MemoryBytes)} of {(fit.Where == FitPlace.Given ? "memory" : fit.Where)}" +
            (fit.WorkingBytes > 0 ? $", {Quantity.Bytes(fit.WorkingBytes)} of them to work in" : "");
        string lacks = fit.MissingBytes is { } missing ? $"; the next wider form lacks {Quantity.Bytes(missing)}" : "";
        return fit.Fits
            ? new Cell($"as {fit.Form} {into}{lacks}", Tone.Good)
            : new Cell($"not {into}: {Quantity.Bytes(fit.MissingBytes!.Value)} are missing", Tone.Bad);
    }

    private static void WriteMetadata(InspectResult result, bool all, IReport report)
    {
        report.Heading("Metadata");
        var table = new ReportTable(
            new Column("Key") { Wraps = result.Metadata.Any(entry => entry.Key.Length > LongestWholeKey) },
            new Column("Type") { ShownFromWidth = WideTerminal },
            new Column("Value") { Wraps = true });
        foreach (MetadataFacts entry in result.Metadata)
        {
            table.Add(entry.Key, MetadataText.TypeOf(entry), MetadataText.Format(entry, all));
        }

        report.Table(table);
    }

    private static void WriteTypes(InspectResult result, IReport report)
    {
        report.Heading("Types");
        var table = new ReportTable(
            new Column("Type"),
            new Column("Tensors") { IsNumber = true },
            new Column("Parameters") { IsNumber = true },
            new Column("Bits/weight") { IsNumber = true },
            new Column("Bytes") { IsNumber = true },
            new Column("Share") { IsNumber = true });
        foreach (TypeFacts type in result.Types)
        {
            table.Add(
                new Cell(type.Type, Tone.Strong),
                Quantity.Count(type.Tensors),
                Quantity.Count(type.Parameters),
                Bits(type.BitsPerWeight),
                Quantity.Bytes(type.Bytes),
                Quantity.Percent(type.Share));
        }

        report.Table(table);
    }

    private static void WriteTensors(InspectResult result, IReport report)
    {
        bool isSplit = result.Files.Count > 1;
        report.Heading($"Tensors: {Selection(result)}");
        var table = new ReportTable([
            new Column("Name") { Wraps = true },
            new Column("Shape") { IsNumber = true },
            new Column("Type"),
            new Column("Bytes") { IsNumber = true },
            .. isSplit ? [new Column("File") { IsNumber = true }] : Array.Empty<Column>(),
            new Column("Offset") { IsNumber = true, ShownFromWidth = WideTerminal },
        ]);
        foreach (TensorFacts tensor in result.Tensors)
        {
            table.Add([
                tensor.Name,
                Quantity.Shape(tensor.Shape),
                tensor.Scale is null ? tensor.Type : $"{tensor.Type} with scale",
                Number(tensor.Bytes),
                .. isSplit ? [Number(tensor.File + 1)] : Array.Empty<Cell>(),
                Number(tensor.Offset),
            ]);
        }

        report.Table(table);
    }

    private static void WriteWarnings(InspectResult result, IReport report)
    {
        if (result.Warnings.Count == 0)
        {
            return;
        }

        report.Heading("Warnings");
        foreach (string warning in LikeFaults.Gather(result.Warnings))
        {
            report.Line(new Cell(warning, Tone.Warning));
        }
    }

    private static string Selection(InspectResult result) =>
        result.Selected.Tensors == result.TensorCount
            ? Quantity.Count(result.TensorCount)
            : $"{Quantity.Count(result.Selected.Tensors)} of {Quantity.Count(result.TensorCount)}";

    private static string Bits(double bits) => bits.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
