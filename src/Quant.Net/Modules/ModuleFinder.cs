using Quant.Net.IO;
using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net.Modules;

/// <summary>Finds the modules of a model by the names of their tensors.</summary>
internal static unsafe class ModuleFinder
{
    // The tensor by which a module is known, and what reads it. The first that fits is taken.
    private static readonly (string Part, Func<ModuleParts, ModuleArrays?> Read)[] Readers =
    [
        (".qweight", IntegerModules.Read),
        (".weight_packed", CompressedModules.ReadPacked),
        ("_blocks", FloatModules.ReadBlocks),
        (".weight", BitsAndBytesModules.Read),
        (".weight", CompressedModules.ReadIntegers),
        (".weight", FloatModules.ReadNvfp4),
        (".weight", FloatModules.ReadFloat8),
    ];

    public static IReadOnlyList<PackedModule> Find(SafetensorsModel model, PackedModuleOptions options)
    {
        List<PackedModule> modules = [];
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            foreach ((string part, Func<ModuleParts, ModuleArrays?> read) in Readers)
            {
                if (!tensor.Name.EndsWith(part, StringComparison.Ordinal))
                {
                    continue;
                }

                var parts = new ModuleParts(model, options, tensor.Name[..^part.Length]);
                if (read(parts) is { } arrays)
                {
                    Require(parts, arrays);
                    modules.Add(new PackedModule(parts.Name, part == "_blocks" ? parts.Name : parts.Name + ".weight", arrays));
                    break;
                }
            }
        }

        return modules;
    }

    // Whatever the readers overlooked, the library finds before it decodes.
    private static void Require(ModuleParts parts, ModuleArrays arrays)
    {
        qn_matrix matrix = arrays.ToNative();
        NativeStatus status = NativeMethods.qn_matrix_check(&matrix);
        if (status != NativeStatus.Ok)
        {
            string reason = NativeText.Read(NativeMethods.qn_last_error());
            throw status == NativeStatus.Unsupported
                ? parts.Unsupported($"{reason}")
                : parts.Fault(arrays.Codes, $"and its companions do not fit together: {reason}");
        }
    }
}
