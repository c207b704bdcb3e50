using Quant.Net.Benchmarks.Kernels;
using Quant.Net.Tool.Bench;
using Quant.Net.Tool.Output;

namespace Quant.Net.Benchmarks.Encoders;

/// <summary>The encoders of all formats with every instruction set, beside the peers' encoders: one thread, then all.</summary>
internal static unsafe class EncoderContest
{
    // Numbers and results of a thread fit the second-level cache.
    private const int RowsPerThread = 8;

    // A thread takes some rows several times, so that none waits long for the last.
    private const int PiecesPerThread = 4;

    /// <summary>Measures.</summary>
    /// <param name="formats">The formats; those without an encoder are left out.</param>
    /// <param name="peers">Libraries to compare with.</param>
    /// <param name="seconds">About how long to measure each encoder with each format.</param>
    /// <param name="report">Told what is done.</param>
    public static IReadOnlyList<EncoderRace> Run(
        IReadOnlyList<QuantFormatInfo> formats, IReadOnlyList<Peer> peers, double seconds, Action<string> report)
    {
        List<EncoderRace> races = [];
        foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct())
        {
            using var input = new EncoderInput(threads == 1 ? RowsPerThread : RowsPerThread * PiecesPerThread * threads);
            using var crew = new Crew(threads);
            QuantDevice[] devices = [.. Sets().Select(set =>
                QuantDevice.Open("cpu", new QuantDeviceOptions { Threads = threads, InstructionSet = set }))];
            foreach (QuantFormatInfo format in formats.Where(format => CanEncode(devices[0], format)))
            {
                foreach (bool importance in ImportanceOf(devices[^1], format, input))
                {
                    report($"{threads} threads: {format.Name}{(importance ? ", importance" : "")}");
                    races.Add(Race(input, crew, devices, peers, format, importance, seconds));
                }
            }

            Array.ForEach(devices, device => device.Dispose());
        }

        return races;
    }

    // Plain code is there for machines that have nothing else.
    private static InstructionSet[] Sets()
    {
        InstructionSet[] sets = [.. QuantDevice.InstructionSets.Where(set => set.Available).Select(set => set.InstructionSet)];
        return sets.Length > 1 ? sets[1..] : sets;
    }

    private static bool CanEncode(QuantDevice device, QuantFormatInfo format) =>
        format.Format != QuantFormat.F32 && CapabilityOf(device, format).IsSupported;

    private static QuantCapability CapabilityOf(QuantDevice device, QuantFormatInfo format) =>
        device.GetCapability(QuantOperation.Quantize, QuantFormat.F32, format.Format);

    // Without importance, with it, or both: some formats need one, others make nothing of it.
    private static IEnumerable<bool> ImportanceOf(QuantDevice device, QuantFormatInfo format, EncoderInput input)
    {
        byte[] Encode(float[] importance)
        {
            byte[] packed = new byte[format.GetByteCount(EncoderInput.Columns)];
            device.Quantize(
                new ReadOnlySpan<float>(input.Numbers.Pointer, EncoderInput.Columns), EncoderInput.Columns, format.Format, packed, importance);
            return packed;
        }

        return CapabilityOf(device, format).NeedsImportance ? [true]
            : Encode(input.Importance).AsSpan().SequenceEqual(Encode([])) ? [false]
            : [false, true];
    }

    private static EncoderRace Race(
        EncoderInput input,
        Crew crew,
        IReadOnlyList<QuantDevice> devices,
        IReadOnlyList<Peer> peers,
        QuantFormatInfo format,
        bool importance,
        double seconds)
    {
        // Sets that have no encoder of their own use that of a lower one.
        QuantDevice[] different = [.. devices.DistinctBy(device => CapabilityOf(device, format).Kernel)];
        (string Name, RowEncoder Encode)[] able =
        [
            .. peers.Select(peer => (peer.Name, Encode: peer.EncoderOf(format)))
                .Where(peer => peer.Encode is not null).Select(peer => (peer.Name, peer.Encode!)),
        ];
        PageMemory[] results = [.. Enumerable.Range(0, different.Length + able.Length)
            .Select(_ => new PageMemory(format.GetByteCount(input.Weights)))];
        fixed (float* pinned = importance ? input.Importance : [])
        {
            float* weights = pinned;
            IEnumerable<Action> ours = different.Select((device, i) => (Action)(() => device.Quantize(
                QuantFormat.F32, input.Numbers.Pointer, (nuint)input.Numbers.Bytes, EncoderInput.Columns, format.Format,
                results[i].Pointer, (nuint)results[i].Bytes, importance ? input.Importance : [])));
            IEnumerable<Action> theirs = able.Select((peer, i) => (Action)(() =>
                Encode(peer.Encode, input, crew, format, weights, results[different.Length + i])));
            double[][] times = Interleaved.Time(
                [.. ours, .. theirs], settle: null, seconds * results.Length, CancellationToken.None);

            PageMemory best = results[different.Length - 1];
            var race = new EncoderRace(
                format.Name,
                importance,
                crew.Threads,
                input.Weights,
                [.. different.Select((device, i) => new EncoderTime(DeviceFacts.NameOf(device.InstructionSet)!, times[i]))],
                [.. able.Select((peer, i) => new EncoderTime(peer.Name, times[different.Length + i]))],
                able.Select((peer, i) => (peer.Name, Count: CountDifferences(best, results[different.Length + i], format)))
                    .ToDictionary(one => one.Name, one => one.Count));
            Array.ForEach(results, result => result.Dispose());
            return race;
        }
    }

    private static void Encode(
        RowEncoder encode, EncoderInput input, Crew crew, QuantFormatInfo format, float* importance, PageMemory result)
    {
        long rowBytes = format.GetByteCount(EncoderInput.Columns);
        float* numbers = (float*)input.Numbers.Pointer;
        crew.Run(input.Rows, RowsPerThread, (first, end) => encode(
            numbers + (first * EncoderInput.Columns), result.Pointer + (first * rowBytes), end - first, EncoderInput.Columns, importance));
    }

    private static long CountDifferences(PageMemory ours, PageMemory theirs, QuantFormatInfo format)
    {
        long count = 0;
        for (long at = 0; at < ours.Bytes; at += format.BytesPerBlock)
        {
            var block = new ReadOnlySpan<byte>(ours.Pointer + at, format.BytesPerBlock);
            count += block.SequenceEqual(new ReadOnlySpan<byte>(theirs.Pointer + at, format.BytesPerBlock)) ? 0 : 1;
        }

        return count;
    }
}
