namespace Quant.Net.Tool.Inspect;

/// <summary>Whether tensors fit into some memory, and in which form.</summary>
/// <param name="Where">The device, or <c>given</c> for a size of the command line.</param>
/// <param name="MemoryBytes">The memory there is: what is free on a GPU, what this process may have of the host.</param>
/// <param name="WorkingBytes">What decoding works in, which the tensors cannot have.</param>
/// <param name="Fits">Whether they fit in any form.</param>
/// <param name="Form">The widest form that fits: <c>f32</c>, <c>f16</c>, <c>packed</c>; null if none does.</param>
/// <param name="MissingBytes">What the next wider form lacks; null if all fit.</param>
/// <param name="Advice">What to do.</param>
internal sealed record FitFacts(
    string Where,
    long MemoryBytes,
    long WorkingBytes,
    bool Fits,
    string? Form,
    long? MissingBytes,
    string Advice)
{
    /// <summary>Compares what tensors take with some memory.</summary>
    public static FitFacts Of(ModelMemory model, FitPlace place)
    {
        long room = place.MemoryBytes - place.WorkingBytes;
        ModelForm? form = model.FindFitting(room);
        ModelForm? wider = form switch { null => ModelForm.Packed, ModelForm.F32 => null, _ => form + 1 };
        long? missing = wider is { } next ? model.GetBytes(next) - room : null;
        return new FitFacts(
            place.Name, place.MemoryBytes, place.WorkingBytes, form is not null, form is { } fits ? NameOf(fits) : null, missing, Advise(form));
    }

    private static string NameOf(ModelForm form) => form.ToString().ToLowerInvariant();

    private static string Advise(ModelForm? form) => form switch
    {
        ModelForm.F32 => "load it decoded to any type",
        ModelForm.F16 => "load it decoded to f16 or bf16",
        ModelForm.Packed => "load it packed, and decode each tensor when it is needed",
        _ => "keep it mapped on the host and decode a tensor at a time, or take a model with fewer bits per weight",
    };
}
