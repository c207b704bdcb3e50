using Quant.Net.IO;
using Quant.Net.Modules;
using Quant.Net.Native;
using Quant.Net.Safetensors;

namespace Quant.Net;

/// <summary>
/// A matrix of a safetensors model that is packed in several tensors: a linear layer quantized by GPTQ, AWQ, compressed-tensors,
/// bitsandbytes and others. Everything about it was checked when it was found.
/// </summary>
/// <remarks>May be used from many threads at once, until its model is disposed of.</remarks>
public sealed unsafe class PackedModule
{
    internal PackedModule(string name, string weightName, ModuleArrays arrays, SafetensorsTensor? bias)
    {
        Name = name;
        WeightName = weightName;
        Arrays = arrays;
        Bias = bias;
        Shape = arrays.Shape ?? [Rows, Columns];
    }

    /// <summary>Its name, such as "model.layers.0.self_attn.q_proj".</summary>
    public string Name { get; }

    /// <summary>What its decoded weights are called, such as "model.layers.0.self_attn.q_proj.weight".</summary>
    public string WeightName { get; }

    /// <summary>How its arrays are laid out.</summary>
    public PackedMatrixLayout Layout => Arrays.Layout;

    /// <summary>Output features; of all experts together, where several are in one tensor.</summary>
    public long Rows => Arrays.Rows;

    /// <summary>Input features.</summary>
    public long Columns => Arrays.Columns;

    /// <summary>The shape of the decoded weights: [out, in], or [experts, out, in].</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Bits of a code.</summary>
    public int Bits => Arrays.Bits;

    /// <summary>Columns that share a scale; 0: all. For bitsandbytes the weights of a block.</summary>
    public long GroupSize => Arrays.GroupSize;

    /// <summary>Whether columns are in groups in another order than their own (act-order).</summary>
    public bool IsActOrder => Arrays.IsActOrder;

    /// <summary>The tensors that it is made of.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors => Arrays.Tensors;

    /// <summary>What is added to its outputs, and is not packed; null if nothing is.</summary>
    public SafetensorsTensor? Bias { get; }

    /// <summary>The bytes of its tensors.</summary>
    public long PackedBytes => Tensors.Sum(tensor => tensor.ByteLength);

    internal ModuleArrays Arrays { get; }

    /// <summary>Its file and name, for the beginning of a message.</summary>
    internal string Place => $"{ErrorText.EscapePath(Arrays.Codes.File.Path)}: module {ErrorText.Quote(Name)}";

    /// <summary>What is wrong with its bias; null if nothing is. Whoever only decodes has no use for one.</summary>
    internal ModelFormatException? BiasFault =>
        Bias is not { } bias || Arrays.Shape is not null || (bias.BitsPerElement % 8 == 0 && bias.Shape.Count == 1 && bias.ElementCount == Rows) ? null
        : ModelFormatException.In(
            bias.File.Path,
            $"{ErrorText.Quote(bias.Name)} is {bias.Type} of the shape [{string.Join(", ", bias.Shape)}], expected numbers of whole bytes, one for each of {Rows} outputs");

    /// <summary>Finds the packed modules of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to read what writers of checkpoints disagree about.</param>
    /// <returns>The modules in the order of their first tensors; none if the model is not packed.</returns>
    /// <exception cref="ModelFormatException">Tensors of a module do not fit together, or not with the model's settings.</exception>
    /// <exception cref="NotSupportedException">A module is packed in a way that the library does not know.</exception>
    public static IReadOnlyList<PackedModule> Find(SafetensorsModel model, PackedModuleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModuleFinder.Find(model, options ?? new PackedModuleOptions());
    }

    /// <summary>Decodes rows or columns to <see cref="float"/>.</summary>
    /// <param name="device">The device that does it.</param>
    /// <param name="order">Whether <paramref name="destination"/> receives rows ([out, in]) or columns ([in, out]).</param>
    /// <param name="first">The first row, or column, to decode.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Receives them. What is beyond them is left alone.</param>
    /// <exception cref="ArgumentException"><paramref name="first"/> and <paramref name="count"/> go beyond the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    /// <exception cref="NotSupportedException">The device cannot do it.</exception>
    /// <exception cref="ObjectDisposedException">The device or the model was disposed of.</exception>
    public void Dequantize(QuantDevice device, MatrixOrder order, long first, long count, Span<float> destination) =>
        Dequantize(device, order, first, count, QuantFormat.F32, destination);

    /// <summary>Decodes rows or columns to <see cref="Half"/>: the float results rounded once.</summary>
    /// <inheritdoc cref="Dequantize(QuantDevice, MatrixOrder, long, long, Span{float})"/>
    public void Dequantize(QuantDevice device, MatrixOrder order, long first, long count, Span<Half> destination) =>
        Dequantize(device, order, first, count, QuantFormat.F16, destination);

    /// <summary>Decodes rows or columns to <see cref="BFloat16"/>: the float results rounded once.</summary>
    /// <inheritdoc cref="Dequantize(QuantDevice, MatrixOrder, long, long, Span{float})"/>
    public void Dequantize(QuantDevice device, MatrixOrder order, long first, long count, Span<BFloat16> destination) =>
        Dequantize(device, order, first, count, QuantFormat.BF16, destination);

    /// <summary>The module in one line.</summary>
    /// <returns>Name, layout, bits and shape.</returns>
    public override string ToString() => ErrorText.Invariant($"{Name} {Layout} {Bits} bits [{string.Join(", ", Shape)}]");

    /// <summary>As the public ones, to any address.</summary>
    internal void Dequantize(
        QuantDevice device, MatrixOrder order, long first, long count, QuantFormat output, void* destination, nuint destinationBytes)
    {
        ArgumentNullException.ThrowIfNull(device);
        qn_matrix matrix = Arrays.ToNative();
        device.DequantizeMatrix(in matrix, order, first, count, output, destination, destinationBytes);
    }

    private void Dequantize<T>(QuantDevice device, MatrixOrder order, long first, long count, QuantFormat output, Span<T> destination)
        where T : unmanaged
    {
        fixed (T* to = destination)
        {
            Dequantize(device, order, first, count, output, to, (nuint)destination.Length * (nuint)sizeof(T));
        }
    }
}
