namespace Quant.Net;

/// <summary>Something of a model cannot be quantized as it was asked for. The message is one line that names the model and the tensors.</summary>
public sealed class QuantizationRefusedException : NotSupportedException
{
    /// <summary>Makes an exception.</summary>
    public QuantizationRefusedException()
        : base("The model cannot be quantized so.")
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">One line.</param>
    public QuantizationRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">One line.</param>
    /// <param name="innerException">What led to it.</param>
    public QuantizationRefusedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">One line.</param>
    /// <param name="remedy">What would let it be done.</param>
    public QuantizationRefusedException(string message, QuantizationRemedy remedy)
        : base(message) => Remedy = remedy;

    /// <summary>What would let it be done.</summary>
    public QuantizationRemedy Remedy { get; }
}
