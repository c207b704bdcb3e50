namespace Quant.Net.Benchmarks.Api;

/// <summary>What a call of the .NET API takes.</summary>
/// <param name="Work">What is done.</param>
/// <param name="Call">How it is called.</param>
/// <param name="Nanoseconds">The median time of one call.</param>
/// <param name="AllocatedBytes">What one call allocates.</param>
internal sealed record ApiResult(string Work, string Call, double Nanoseconds, long AllocatedBytes);
