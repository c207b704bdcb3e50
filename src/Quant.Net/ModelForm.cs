namespace Quant.Net;

/// <summary>How tensors are kept in memory.</summary>
public enum ModelForm
{
    /// <summary>As they are in the file.</summary>
    Packed = 0,

    /// <summary>Decoded to 16 bits: f16 or bf16.</summary>
    F16 = 1,

    /// <summary>Decoded to f32.</summary>
    F32 = 2,
}
