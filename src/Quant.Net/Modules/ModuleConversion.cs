using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using Quant.Net.Conversion;
using Quant.Net.IO;
using Quant.Net.Native;
using Quant.Net.Ranks;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Writes a safetensors model with its packed modules decoded and all other tensors as they are.</summary>
internal sealed unsafe class ModuleConversion
{
    private const int InfiniteHalf = 0x7c00, HalfMagnitude = 0x7fff;

    private readonly SafetensorsModel _model;
    private readonly DequantizeOptions _options;
    private readonly QuantDevice _device;
    private readonly CancellationToken _cancellation;
    private readonly bool _turnsExperts;
    private readonly IReadOnlyList<PackedModule> _modules;
    private readonly IReadOnlyList<SafetensorsTensor> _others;
    private readonly IReadOnlyList<Result> _results;
    private readonly ProgressCount _count;
    private readonly SortedSet<string> _kernels = new(StringComparer.Ordinal);
    private readonly List<string> _warnings;
    private byte[] _buffer = [];

    // Turned experts of one tensor are [experts, in, out], as the transformers library has them in plain models, and not [experts, out, in].
    public ModuleConversion(
        SafetensorsModel model, DequantizeOptions options, PackedModuleOptions moduleOptions, QuantDevice device, bool turnsExperts,
        IProgress<ConversionProgress>? progress, CancellationToken cancellation)
    {
        (_model, _options, _device, _turnsExperts, _cancellation) = (model, options, device, turnsExperts, cancellation);
        IReadOnlyList<PackedModule> all = PackedModule.Find(model, moduleOptions);
        var packed = all.SelectMany(module => module.Tensors).ToHashSet();
        NamePattern[] patterns = [.. options.Include.Select(pattern => new NamePattern(pattern))];
        bool IsChosen(string name) => patterns.Length == 0 || patterns.Any(pattern => pattern.IsMatch(name));
        _modules = [.. all.Where(module => IsChosen(module.WeightName))];
        _others = [.. model.Tensors.Where(tensor => !packed.Contains(tensor) && IsChosen(tensor.Name))];
        if (patterns.Length > 0 && _modules.Count + _others.Count == 0)
        {
            throw new ArgumentException(
                $"{ErrorText.EscapePath(model.Path)}: no decoded tensor has a name that matches {ErrorText.QuoteAll([.. options.Include])}.");
        }

        _warnings = [.. model.Warnings];
        if (_modules.Count == 0)
        {
            _warnings.Add($"{ErrorText.EscapePath(model.Path)}: nothing in it is packed; tensors are copied as they are");
        }

        (IReadOnlyList<string> wrong, IReadOnlyList<string> odd) = ModuleDisagreements.Find(model, all);
        _warnings.AddRange([.. wrong, .. odd, .. ModelVerifier.CheckScales(model, _modules, cancellationToken: cancellation)]);
        RefuseNamesTwice();

        // Larger elements first: so all begin at multiples of their size.
        _results = [.. _modules.Select(ResultOf).Concat(_others.Select(ResultOf)).OrderByDescending(result => result.BitsPerElement)];
        _count = new ProgressCount([.. _modules.SelectMany(module => module.Tensors), .. _others], progress);
    }

    public DequantizeResult Run(string outputPath)
    {
        var watch = Stopwatch.StartNew();
        using SafetensorsWriter writer = Declare(outputPath);
        OutputGuard.RefuseInputs(writer.Files, _model.Files.Select(file => file.Path));
        long bytes = writer.DeclaredLength;
        OutputGuard.RequireSpace(writer.Files[0], bytes);
        foreach (Result result in _results)
        {
            result.Write(writer);
        }

        _cancellation.ThrowIfCancellationRequested();
        writer.Complete();
        return new DequantizeResult
        {
            Files = writer.Files,
            TensorCount = _results.Count,
            ElementCount = _modules.Sum(module => module.Rows * module.Columns) + _others.Sum(tensor => tensor.ElementCount),
            SourceBytes = _count.BytesTotal,
            OutputBytes = bytes,
            ResumedBytes = 0,
            Kernels = [.. _kernels],
            Warnings = _warnings,
            Elapsed = watch.Elapsed,
        };
    }

    private SafetensorsType OutputType => _options.OutputType switch
    {
        QuantFormat.F32 => SafetensorsType.F32,
        QuantFormat.F16 => SafetensorsType.F16,
        _ => SafetensorsType.BF16,
    };

    private int OutputBytes => _options.OutputType == QuantFormat.F32 ? sizeof(float) : sizeof(ushort);

    private Result ResultOf(PackedModule module) =>
        new(module.WeightName, OutputType, ShapeOf(module), OutputBytes * 8, writer => Decode(module, writer));

    private Result ResultOf(SafetensorsTensor tensor) =>
        new(tensor.Name, tensor.Type, tensor.Shape, tensor.BitsPerElement, writer => Copy(tensor, writer));

    private SafetensorsWriter Declare(string outputPath)
    {
        // Without "pt" (matrices are as PyTorch has them) the transformers library refuses a file.
        var writer = SafetensorsWriter.Create(outputPath, new SafetensorsWriterOptions
        {
            Overwrite = _options.Overwrite,
            MaxShardBytes = _options.MaxShardBytes,
            Metadata = [new("format", "pt"), .. RankMark.Of(_model)],
        });
        try
        {
            foreach (Result result in _results)
            {
                writer.AddTensor(result.Name, result.Type, [.. result.Shape]);
            }

            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private void RefuseNamesTwice()
    {
        var names = _others.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        if (_modules.FirstOrDefault(module => !names.Add(module.WeightName)) is { } twice)
        {
            throw new NotSupportedException(
                $"{ErrorText.EscapePath(_model.Path)}: module {ErrorText.Quote(twice.Name)} would be decoded to {ErrorText.Quote(twice.WeightName)}, which the model has already");
        }
    }

    private bool IsTurned(PackedModule module) => _turnsExperts && module.Shape.Count == 3;

    private IReadOnlyList<long> ShapeOf(PackedModule module) =>
        IsTurned(module) ? [module.Shape[0], module.Shape[2], module.Shape[1]] : module.Shape;

    private void Decode(PackedModule module, SafetensorsWriter writer)
    {
        bool isTurned = IsTurned(module);
        long experts = isTurned ? module.Shape[0] : 1, lines = isTurned ? module.Columns : module.Rows;
        long lineBytes = (isTurned ? module.Shape[1] : module.Columns) * OutputBytes, infinite = 0, reported = 0;
        long linesAtOnce = Math.Clamp(_options.ChunkBytes / lineBytes, 1, lines);
        if (linesAtOnce * lineBytes > Array.MaxLength)
        {
            throw new NotSupportedException(ErrorText.Invariant(
                $"{ErrorText.EscapePath(_model.Path)}: module {ErrorText.Quote(module.Name)} has {(isTurned ? "columns" : "rows")} of {lineBytes} bytes, expected at most {Array.MaxLength}"));
        }

        Span<byte> room = Room((int)(linesAtOnce * lineBytes));
        SafetensorsTensor codes = module.Tensors[0];
        for (long expert = 0; expert < experts; expert++)
        {
            qn_matrix matrix = isTurned ? module.Arrays.ToNative(expert) : module.Arrays.ToNative();
            for (long line = 0; line < lines; line += linesAtOnce)
            {
                _cancellation.ThrowIfCancellationRequested();
                long count = Math.Min(linesAtOnce, lines - line);
                Span<byte> weights = room[..(int)(count * lineBytes)];
                fixed (byte* to = weights)
                {
                    _device.DequantizeMatrix(
                        in matrix, isTurned ? MatrixOrder.Columns : MatrixOrder.Rows, line, count, _options.OutputType, to, (nuint)weights.Length);
                }

                _kernels.Add(QuantDevice.LastKernel);
                infinite += _options.OutputType == QuantFormat.F16 ? CountInfinite(MemoryMarshal.Cast<byte, ushort>(weights)) : 0;
                writer.Write(module.WeightName, weights);
                bool isLast = expert == experts - 1 && line + count == lines;
                long read = isLast ? codes.ByteLength : (long)((expert + ((double)(line + count) / lines)) / experts * codes.ByteLength);
                _count.Add(codes, read - reported, isLast);
                reported = read;
            }
        }

        foreach (SafetensorsTensor tensor in module.Tensors.Skip(1))
        {
            _count.Add(tensor, tensor.ByteLength, isLast: true);
        }

        if (infinite > 0)
        {
            WarnOfInfinite(module, infinite);
        }
    }

    private void WarnOfInfinite(PackedModule module, long infinite)
    {
        string line = ErrorText.Invariant(
            $"{ErrorText.EscapePath(_model.Path)}: module {ErrorText.Quote(module.Name)}: {ErrorText.Count(infinite, "weight")} infinite as f16; bf16 and f32 hold larger ones");
        if (_options.Strict)
        {
            throw new OverflowException(line);
        }

        _warnings.Add(line);
    }

    private static long CountInfinite(ReadOnlySpan<ushort> halves)
    {
        long count = 0;
        int i = 0;
        var magnitude = new Vector<ushort>(HalfMagnitude);
        var infinity = new Vector<ushort>(InfiniteHalf);
        for (; i <= halves.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            var found = Vector.Equals(new Vector<ushort>(halves[i..]) & magnitude, infinity);
            count += found == Vector<ushort>.Zero ? 0 : Vector.Sum(found & Vector<ushort>.One);
        }

        for (; i < halves.Length; i++)
        {
            count += (halves[i] & HalfMagnitude) == InfiniteHalf ? 1 : 0;
        }

        return count;
    }

    private void Copy(SafetensorsTensor tensor, SafetensorsWriter writer)
    {
        long done = 0;
        do
        {
            _cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = Room((int)Math.Min(_options.ChunkBytes, tensor.ByteLength - done));
            tensor.Read(done, piece);
            writer.Write(tensor.Name, piece);
            done += piece.Length;
            _count.Add(tensor, piece.Length, isLast: done == tensor.ByteLength);
        }
        while (done < tensor.ByteLength);
    }

    private Span<byte> Room(int bytes)
    {
        if (_buffer.Length < bytes)
        {
            _buffer = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return _buffer.AsSpan(0, bytes);
    }

    /// <summary>A tensor of the output, and what writes it: one list, so that tensors are written in the order in which they were declared.</summary>
    private sealed record Result(
        string Name, SafetensorsType Type, IReadOnlyList<long> Shape, int BitsPerElement, Action<SafetensorsWriter> Write);
}
