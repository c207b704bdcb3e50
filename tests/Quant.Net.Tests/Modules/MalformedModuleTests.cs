using System.Buffers.Binary;
using System.Diagnostics;
using Quant.Net.Safetensors;
using Quant.Net.Tests.Gguf;
using Quant.Net.Tests.Safetensors;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Modules;

/// <summary>Every kind of malformed module ends in one clear line that names it; undamaged it is found.</summary>
public class MalformedModuleTests(ITestOutputHelper output)
{
    // One of each layout, and the tensors that it may be without.
    private static readonly (string Vector, string[] Optional)[] Layouts =
    [
        ("gptq-b4-g32-v1-act", [".g_idx"]),
        ("gptq-b3-g32-v2", [".g_idx"]),
        ("awq-gemm-g32", [".qzeros"]),
        ("awq-gemv-g32", []),
        ("awq-gemv_fast-g64", []),
        ("ct-pack-b4-g40-asym-act", [".weight_zero_point", ".weight_g_idx"]),
        ("ct-int8-channel-asym", [".weight_zero_point"]),
        ("fp8-block128-inv", []),
        ("mxfp4-gpt-oss", []),
        ("mxfp4-ct", []),
        ("nvfp4-ct", []),
        ("nvfp4-modelopt", []),
        ("bnb-nf4-64-double", []),
        ("bnb-int8", [".weight_format"]),
    ];

    // A last group, or block, may be short.
    private static readonly (string Vector, string Tensor)[] ShortLines =
        [("awq-gemm-g32", "layer.qweight"), ("fp8-block128-inv", "layer.weight")];

    public static TheoryData<string, string> Kinds
    {
        get
        {
            var kinds = new TheoryData<string, string>();
            foreach ((string vector, string name, _) in All)
            {
                kinds.Add(vector, name);
            }

            return kinds;
        }
    }

    private static IEnumerable<(string Vector, string Name, Action<MalformedModule> Break)> All => Damages().Concat(Values()).Concat(Settings());

    [Fact]
    public void ThereAreAtLeast50Kinds() => Assert.True(All.Count() >= 50, $"{All.Count()} kinds");

    [Theory]
    [MemberData(nameof(Kinds))]
    public void IsRefused(string vector, string name)
    {
        var module = new MalformedModule(vector + ".safetensors");
        using var sound = new TempFolder();
        module.Write(sound);
        using (SafetensorsModel model = SafetensorsModel.Open(sound.Path))
        {
            Assert.Single(PackedModule.Find(model));
        }

        Break(vector, name, module);
        using var broken = new TempFolder();
        module.Write(broken);
        var watch = Stopwatch.StartNew();
        Exception? fault = Record.Exception(() =>
        {
            using SafetensorsModel model = SafetensorsModel.Open(broken.Path);
            _ = PackedModule.Find(model);
        });

        output.WriteLine(fault?.Message ?? "accepted");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
        Assert.True(fault is ModelFormatException or NotSupportedException, $"{fault?.ToString() ?? "accepted"}");
        MalformedFileTests.AssertIsOneCleanLine(fault!.Message);
        Assert.StartsWith(broken.Path, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Damages the module of a vector in one of <see cref="Kinds"/>.</summary>
    internal static void Break(string vector, string name, MalformedModule module) =>
        All.Single(kind => kind.Vector == vector && kind.Name == name).Break(module);

    private static IEnumerable<(string, string, Action<MalformedModule>)> Damages()
    {
        foreach ((string vector, string[] optional) in Layouts)
        {
            foreach ((string name, PlainSafetensors.Tensor tensor) in new MalformedModule(vector + ".safetensors").Tensors)
            {
                if (!optional.Any(part => name.EndsWith(part, StringComparison.Ordinal)))
                {
                    yield return (vector, $"{name} is missing", module => module.Tensors.Remove(name));
                }

                yield return (vector, $"{name} is of complex numbers", module => module.Tensors[name] =
                    new("C64", tensor.Shape, new byte[8 * tensor.Shape.Aggregate(1L, (count, length) => count * length)]));
                yield return (vector, $"{name} has a dimension more", module => module.Tensors[name] =
                    new(tensor.Type, [2, .. tensor.Shape], [.. tensor.Data, .. tensor.Data]));
                if (tensor.Shape is [> 1, ..] && !ShortLines.Contains((vector, name)))
                {
                    yield return (vector, $"{name} is a line short", module => module.Tensors[name] = new(
                        tensor.Type, [tensor.Shape[0] - 1, .. tensor.Shape[1..]],
                        tensor.Data[..(int)(tensor.Data.Length / tensor.Shape[0] * (tensor.Shape[0] - 1))]));
                }
            }
        }
    }

    private static IEnumerable<(string, string, Action<MalformedModule>)> Values()
    {
        foreach (int group in new[] { -2, 1000, int.MinValue, int.MaxValue })
        {
            yield return ("gptq-b4-g32-v1-act", $"g_idx has the group {group}", module => Put(module, ".g_idx", group));
            yield return ("ct-pack-b4-g40-asym-act", $"g_idx has the group {group}", module => Put(module, ".weight_g_idx", group));
        }

        // All of them stand for no list.
        yield return ("gptq-b4-g32-v1-act", "g_idx has the group -1", module => Put(module, ".g_idx", -1));

        foreach (int length in new[] { 0, -1, int.MinValue, int.MaxValue })
        {
            yield return ("ct-pack-b4-g40-asym-act", $"shape says {length} rows", module => Put(module, ".weight_shape", length));
        }

        foreach (string text in new[] { "", "{", "[]", "null", "{}", "{\"shape\":[1,2,3]}", "{\"shape\":[-8,64],\"blocksize\":64}", "{\"shape\":\"x\"}" })
        {
            byte[] bytes = MalformedSafetensors.Utf8(text);
            yield return ("bnb-nf4-64-double", $"state is '{text}'", module =>
                module.Tensors[module.Named("__nf4")] = new("U8", [bytes.Length], bytes));
        }
    }

    private static IEnumerable<(string, string, Action<MalformedModule>)> Settings()
    {
        foreach (string format in new[] { "marlin", "gptq_p", "bitblas", "x\u001b[31m" })
        {
            yield return ("gptq-b4-g32-v1-act", $"checkpoint format is {format.Replace("\u001b", "ESC", StringComparison.Ordinal)}",
                module => module.Settings["checkpoint_format"] = format);
        }

        foreach (int bits in new[] { 3, 8, 9, 17, -1 })
        {
            yield return ("ct-pack-b4-g40-asym-act", $"bits are {bits}",
                module => module.Settings["config_groups"]!["group_0"]!["weights"]!["num_bits"] = bits);
        }

        yield return ("fp8-block128-inv", "no block size", module => module.Settings.Remove("weight_block_size"));
        yield return ("fp8-block128-inv", "other block size", module => module.Settings["weight_block_size"] = new System.Text.Json.Nodes.JsonArray(8, 8));
        yield return ("awq-gemv-g32", "no group size", module => module.Settings.Remove("group_size"));
        yield return ("awq-gemv-g32", "group size 0", module => module.Settings["group_size"] = 0);
        yield return ("awq-gemv_fast-g64", "no group size", module => module.Settings.Remove("group_size"));
    }

    // The tensor's first number, of 32 or 64 bits.
    private static void Put(MalformedModule module, string part, int value)
    {
        PlainSafetensors.Tensor tensor = module.Tensors[module.Named(part)];
        byte[] data = [.. tensor.Data];
        if (tensor.Type == "I64")
        {
            BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(0, 8), value);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(0, 4), value);
        }

        module.Tensors[module.Named(part)] = tensor with { Data = data };
    }
}
