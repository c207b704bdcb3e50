namespace Quant.Net;

/// <summary>Along what a packed matrix is cut or joined.</summary>
public enum MatrixAxis
{
    /// <summary>Along output features: the rows of <c>nn.Linear.weight</c>, as column-parallel layers are cut.</summary>
    Output,

    /// <summary>Along input features: its columns, as row-parallel layers are cut.</summary>
    Input,
}
