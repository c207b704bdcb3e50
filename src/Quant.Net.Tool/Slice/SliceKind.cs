using Quant.Net.Tool.CommandLine;

namespace Quant.Net.Tool.Slice;

/// <summary>What kind of models are cut or joined, and so what is written.</summary>
internal sealed record SliceKind(string Extension, string Option)
{
    public static SliceKind Safetensors { get; } = new(".safetensors", "--module");

    public static SliceKind Gguf { get; } = new(".gguf", "--tensor");

    /// <summary>The kind of the inputs, by their names.</summary>
    /// <exception cref="UsageException">They differ, or the output or an option does not go with them.</exception>
    public static SliceKind Of(IReadOnlyList<string> inputs, string output, string? module, string? tensor)
    {
        inputs.ToList().ForEach(ModelArgument.RequireModelIn);
        SliceKind[] kinds = [.. inputs.Select(input => ModelArgument.IsSafetensors(input) ? Safetensors : Gguf).Distinct()];
        SliceKind kind = kinds is [var only] ? only : throw new UsageException("PART: some are GGUF and some safetensors, expected one kind");
        if (!output.EndsWith(kind.Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--output: '{output}' does not end in {kind.Extension}, as the model is");
        }

        string? wrong = kind == Safetensors ? (tensor is null ? null : Gguf.Option) : module is null ? null : Safetensors.Option;
        return wrong is null ? kind : throw new UsageException($"{wrong}: the model is {kind.Extension}, expected {kind.Option}");
    }
}
