namespace Quant.Net;

/// <summary>What would let something be quantized that is refused.</summary>
public enum QuantizationRemedy
{
    /// <summary>No option does.</summary>
    None = 0,

    /// <summary><see cref="QuantizationOptions.AllowRequantize"/>.</summary>
    AllowRequantize = 1,

    /// <summary>To leave <see cref="QuantizationOptions.Strict"/> out.</summary>
    NotStrict = 2,

    /// <summary><see cref="QuantizeOptions.Importance"/>.</summary>
    ImportanceMatrix = 3,

    /// <summary>More of <see cref="QuantizeOptions.MaxMemory"/>.</summary>
    MoreMemory = 4,

    /// <summary>The CPU as the device.</summary>
    Cpu = 5,

    /// <summary>Another format by its name (<see cref="QuantizationOptions.TensorTypes"/>), or to leave it out (<see cref="QuantizationOptions.Exclude"/>).</summary>
    FormatByName = 6,
}
