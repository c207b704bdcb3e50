using System.CommandLine;
using System.CommandLine.Parsing;
using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Slice;

/// <summary><c>--tensor-parallel</c>: a whole model is divided among ranks; and the options that go with it.</summary>
internal sealed class RankOptions
{
    private readonly Option<int?> _ranks = new("--tensor-parallel")
    {
        Description = "A whole model instead of one weight, divided among N ranks: OUT is a folder with one for each",
        HelpName = "N",
        CustomParser = result => SliceOptions.ParseCount(result, TensorParallelPlan.MostRanks),
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "With --tensor-parallel: only show what would become of each tensor",
    };

    private readonly Option<long?> _shardSize = new("--shard-size")
    {
        Description = "With --tensor-parallel of a safetensors model: split the weights of each rank into files of at most this size, such as 5GB",
        HelpName = "SIZE",
        CustomParser = ByteSize.Parse,
    };

    private readonly CutOptions _cut;
    private readonly Option<string> _output;

    public RankOptions(Command command, CutOptions cut, Option<string> output)
    {
        (_cut, _output) = (cut, output);
        command.Options.Add(_ranks);
        command.Options.Add(_dryRun);
        command.Options.Add(_shardSize);
        command.Validators.Add(RequireOneKind);
    }

    /// <summary>Among how many ranks; null: one weight is cut.</summary>
    public int? RanksIn(ParseResult parsed) => parsed.GetValue(_ranks);

    /// <summary>Whether nothing is to be written.</summary>
    public bool IsDryRun(ParseResult parsed) => parsed.GetValue(_dryRun);

    /// <summary>The most bytes of a file.</summary>
    public long? ShardSizeIn(ParseResult parsed) => parsed.GetValue(_shardSize);

    private void RequireOneKind(CommandResult command)
    {
        bool isModel = command.GetResult(_ranks) is not null;
        IReadOnlyList<Option> others = isModel ? _cut.All : [_dryRun, _shardSize];
        if (others.FirstOrDefault(option => command.GetResult(option) is { Implicit: false }) is { } stranger)
        {
            command.AddError(isModel ? $"{stranger.Name} is for one weight, --tensor-parallel for a whole model" : $"{stranger.Name} goes only with --tensor-parallel");
        }
        else if (!isModel)
        {
            _cut.Require(command);
        }

        bool needsOutput = command.GetResult(_dryRun) is not { Implicit: false };
        if (needsOutput && command.GetResult(_output) is null)
        {
            command.AddError(isModel ? "--output is required, or --dry-run" : "--output is required");
        }
    }
}
