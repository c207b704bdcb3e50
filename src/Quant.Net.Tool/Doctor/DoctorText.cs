using Quant.Net.Tool.Output;

namespace Quant.Net.Tool.Doctor;

/// <summary>Shows the findings to people.</summary>
internal static class DoctorText
{
    public static void Write(DoctorResult result, IReport report)
    {
        WriteVersions(result.Versions, report);
        WriteDevices(result, report);
        WriteChecks(result, report);
    }

    private static void WriteVersions(Versions versions, IReport report)
    {
        report.Heading("Versions");
        report.Facts(
        [
            ("quantnet", versions.Tool),
            ("library", $"{versions.Library}, interface {versions.Interface}"),
            ("loaded from", versions.LibraryPath ?? "(the system's search path)"),
            ("runtime", versions.Runtime),
            ("system", $"{versions.System}, {versions.Architecture}"),
        ]);
    }

    private static void WriteDevices(DoctorResult result, IReport report)
    {
        report.Heading("Devices");
        var devices = new ReportTable(new Column("Device"), new Column("State"), new Column("Description") { Wraps = true });
        foreach (DeviceStatus device in result.Devices)
        {
            devices.Add(new Cell(device.Name, Tone.Strong), State(device.Available, device.Chosen, "chosen by auto"), device.Description);
        }

        report.Table(devices);

        report.Heading("Instruction sets of the CPU device");
        var sets = new ReportTable(new Column("Set"), new Column("State"), new Column("Checked"), new Column("Why it is not the default") { Wraps = true });
        foreach (InstructionSetStatus set in result.InstructionSets)
        {
            bool isChecked = result.Checks.Any(check => check.InstructionSet == set.Name);
            sets.Add(new Cell(set.Name, Tone.Strong), State(set.Available, set.Chosen, "default"), isChecked ? "yes" : "no", set.Reason);
        }

        report.Table(sets);
        foreach (string problem in result.Problems)
        {
            report.Line(new Cell(problem, Tone.Bad));
        }
    }

    private static void WriteChecks(DoctorResult result, IReport report)
    {
        report.Heading("Self-check against known answers");
        var checks = new ReportTable(
            new Column("Device"),
            new Column("Set"),
            new Column("Comparisons") { IsNumber = true },
            new Column("Equal") { IsNumber = true },
            new Column("Result"));
        foreach (DeviceCheck check in result.Checks)
        {
            checks.Add(
                new Cell(check.Device, Tone.Strong),
                check.InstructionSet ?? "",
                Quantity.Count(check.Comparisons),
                Quantity.Count(check.Passed),
                check.Faults.Count == 0 ? new Cell("exact", Tone.Good) : new Cell("WRONG", Tone.Bad));
        }

        report.Table(checks);
        foreach (DeviceCheck check in result.Checks)
        {
            string where = check.InstructionSet is null ? check.Device : $"{check.Device} ({check.InstructionSet})";
            foreach (Fault[] faults in check.Faults.GroupBy(fault => fault.Problem).SelectMany(InLines))
            {
                string others = faults.Length > 1 ? $" and {Quantity.Count(faults.Length - 1)} more" : "";
                report.Line(new Cell($"{Describe(faults[0])}{others} on {where}: {faults[0].Problem}", Tone.Bad));
            }
        }

        report.Facts(AnswerFacts(result.Answers));
    }

    // What is the same for several formats is the device's problem: it is full, or lost.
    private static IEnumerable<Fault[]> InLines(IEnumerable<Fault> faults) =>
        faults.DistinctBy(fault => fault.Format).Count() > 1 ? [[.. faults]] : faults.Select(fault => new[] { fault });

    private static string Describe(Fault fault) => fault switch
    {
        { Output: null } => $"f32 to {fault.Format}{(fault.Importance == true ? " with importance" : "")}",
        { Order: null } => $"{fault.Format} to {fault.Output}",
        _ => $"{fault.Format} to {fault.Output} by {fault.Order}",
    };

    private static List<(string Label, Cell Value)> AnswerFacts(AnswerFacts answers)
    {
        List<(string Label, Cell Value)> facts =
        [
            (
                "answers",
                $"{Quantity.Count(answers.Formats, "format")}, {Quantity.Count(answers.Layouts, "layout")}, "
                + $"{Quantity.Count(answers.Encoders, "encoder")}, {answers.Source}"),
            ("made with", answers.Origin),
        ];
        if (answers.ByHand.Count > 0)
        {
            facts.Add(("by hand", string.Join(", ", answers.ByHand)));
        }

        string[] missing = [.. answers.Missing, .. answers.MissingEncoders.Select(format => $"encoder of {format}")];
        if (missing.Length > 0)
        {
            facts.Add(("not checked", new Cell(string.Join(", ", missing), Tone.Warning)));
        }

        return facts;
    }

    // What is chosen is used where nothing else is asked for; the options of this command only say what is checked.
    private static Cell State(bool available, bool chosen, string choice) =>
        chosen ? new Cell(choice, Tone.Good) : available ? "available" : new Cell("not here", Tone.Dim);
}
