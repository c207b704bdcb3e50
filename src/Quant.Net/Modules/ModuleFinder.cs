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

    // Tensors that mean nothing without another: the last of these, where none is there, is missing.
    private static readonly (string Part, string[] Needs)[] Companions =
    [
        (".qzeros", [".qweight"]),
        (".weight_shape", [".weight_packed"]),
        (".weight_global_scale", [".weight_packed"]),
        (".weight_scale", [".weight_packed", ".weight"]),
        (".weight_scale_2", [".weight"]),
        (".weight_scale_inv", [".weight"]),
        (".weight.absmax", [".weight"]),
        (".weight.quant_map", [".weight.absmax"]),
        (".SCB", [".weight"]),
        ("_proj_scales", ["_proj_blocks"]),
    ];

    public static IReadOnlyList<PackedModule> Find(SafetensorsModel model, PackedModuleOptions options)
    {
        PackedModule[] modules = [.. model.Tensors.Select(tensor => Read(model, options, tensor)).OfType<PackedModule>()];
        return modules.Length == 0 && ForeignLayouts.UnknownMethod(model) is { } unknown ? throw new NotSupportedException(unknown) : modules;
    }

    /// <summary>The module that is known by a tensor; null if none is.</summary>
    public static PackedModule? Read(SafetensorsModel model, PackedModuleOptions options, SafetensorsTensor tensor)
    {
        ForeignLayouts.Refuse(model, options, tensor);
        RequireCompanions(model, options, tensor);
        foreach ((string part, Func<ModuleParts, ModuleArrays?> read) in Readers)
        {
            if (!tensor.Name.EndsWith(part, StringComparison.Ordinal))
            {
                continue;
            }

            var parts = new ModuleParts(model, options, tensor, tensor.Name[..^part.Length]);
            if (read(parts) is { } arrays)
            {
                Require(parts, arrays);
                return new PackedModule(parts.Name, part == "_blocks" ? parts.Name : parts.Name + ".weight", arrays, parts.Find(".bias"));
            }
        }

        return null;
    }

    private static void RequireCompanions(SafetensorsModel model, PackedModuleOptions options, SafetensorsTensor tensor)
    {
        foreach ((string part, string[] needs) in Companions)
        {
            if (tensor.Name.EndsWith(part, StringComparison.Ordinal))
            {
                var parts = new ModuleParts(model, options, tensor, tensor.Name[..^part.Length]);
                if (!needs.Any(parts.Has))
                {
                    throw parts.Missing(needs[^1]);
                }
            }
        }
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
