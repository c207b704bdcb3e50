namespace Quant.Net.Budgets;

/// <summary>What the files of a model that is planned take.</summary>
/// <param name="BytesOf">All bytes of the files of a plan, with heads and padding.</param>
/// <param name="Padded">The bytes of a tensor with the padding behind them.</param>
internal sealed record BudgetFiles(Func<QuantizationPlan, long> BytesOf, Func<long, long> Padded);
