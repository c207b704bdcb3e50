namespace Quant.Net.Bindings;

/// <summary>Something in the inputs that the user has to mend; the message is all that is shown.</summary>
internal sealed class GeneratorException(string message) : Exception(message);
