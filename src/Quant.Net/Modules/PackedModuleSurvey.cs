using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>The packed modules of a model, with all that is wrong with others and all that the model's settings say differently.</summary>
public sealed class PackedModuleSurvey
{
    private const int MostFaults = 1000;

    private PackedModuleSurvey(
        IReadOnlyList<PackedModule> modules, IReadOnlySet<string> unreadable, IReadOnlySet<string> mistyped,
        IReadOnlyList<string> faults, IReadOnlyList<string> warnings) =>
        (Modules, Unreadable, Mistyped, Faults, Warnings) = (modules, unreadable, mistyped, faults, warnings);

    /// <summary>The modules that can be decoded, in the order of their first tensors.</summary>
    public IReadOnlyList<PackedModule> Modules { get; }

    /// <summary>Whether these are all that the model has: none could not be read.</summary>
    public bool IsComplete => Unreadable.Count == 0;

    /// <summary>What is wrong, each in one line: modules whose tensors lack or do not fit together, or are packed in a way that the library
    /// does not know, or lack what the settings promise.</summary>
    public IReadOnlyList<string> Faults { get; }

    /// <summary>Where modules are packed otherwise than the settings say, each kind in one line.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>The modules that cannot be read, each with a fault that says why, by what <see cref="ModuleOf"/> makes of their tensors.</summary>
    internal IReadOnlySet<string> Unreadable { get; }

    /// <summary>The tensors of which a fault says that they should be of another type: their values mean nothing.</summary>
    internal IReadOnlySet<string> Mistyped { get; }

    /// <summary>Looks at all modules of a model. Unlike <see cref="PackedModule.Find"/> it does not end at the first fault.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to read what writers of checkpoints disagree about.</param>
    /// <param name="cancellationToken">Ends it between tensors.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static PackedModuleSurvey Of(
        SafetensorsModel model, PackedModuleOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        List<PackedModule> modules = [];
        List<string> faults = [];
        HashSet<string> known = new(StringComparer.Ordinal), unreadable = new(StringComparer.Ordinal), mistyped = new(StringComparer.Ordinal);
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool isReadable = Try(() =>
            {
                if (ModuleFinder.Read(model, options ?? new PackedModuleOptions(), tensor) is { } module)
                {
                    modules.Add(module);
                }
            });
            if (!isReadable)
            {
                unreadable.Add(ModuleOf(tensor));
            }
        }

        foreach (PackedModule module in modules.Where(module => IsPlainToo(model, module)))
        {
            AddFault($"{module.Place} is packed, and {ErrorText.Quote(module.WeightName)} is there too");
        }

        foreach (ModelFormatException fault in modules.Select(module => module.BiasFault).OfType<ModelFormatException>())
        {
            AddFault(fault.Message);
        }

        IReadOnlyList<string> warnings = [];
        Try(() =>
        {
            (IReadOnlyList<string> more, warnings) = ModuleDisagreements.Find(model, modules);
            foreach (string fault in more)
            {
                AddFault(fault);
            }
        });

        if (modules.Count == 0 && unreadable.Count == 0 && model.Quantization is { Method: { } method } config)
        {
            warnings = [.. warnings, ForeignLayouts.UnknownMethod(model) ?? $"{ErrorText.EscapePath(model.Path)}: {config.Source} says {method}, and nothing is packed"];
        }

        if (known.Count > MostFaults)
        {
            faults.Add(ErrorText.Invariant($"{ErrorText.EscapePath(model.Path)}: and {known.Count - MostFaults} more faults like these"));
        }

        return new PackedModuleSurvey(modules, unreadable, mistyped, faults, warnings);

        // Several tensors of a module may lack the same one.
        void AddFault(string fault)
        {
            if (known.Add(fault) && known.Count <= MostFaults)
            {
                faults.Add(fault);
            }
        }

        bool Try(Action look)
        {
            try
            {
                look();
                return true;
            }
            catch (Exception fault) when (fault is ModelFormatException or NotSupportedException)
            {
                AddFault(fault.Message);
                if (fault is ModelFormatException { TensorOfWrongType: { } tensor })
                {
                    mistyped.Add(tensor);
                }

                return false;
            }
        }
    }

    /// <summary>The module that a tensor is of, if it is of one: what its name begins with.</summary>
    internal static string ModuleOf(SafetensorsTensor tensor) => tensor.Name[..Math.Max(tensor.Name.LastIndexOf('.'), 0)];

    private static bool IsPlainToo(SafetensorsModel model, PackedModule module) =>
        model.Tensors.TryGet(module.WeightName, out SafetensorsTensor? plain) && !module.Tensors.Contains(plain);
}
