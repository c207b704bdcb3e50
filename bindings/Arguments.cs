namespace Quant.Net.Bindings;

/// <summary>The command line was not understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command line.</summary>
internal sealed record Arguments(bool Check, string? LibClang, string? Include)
{
    public static Arguments Parse(string[] args)
    {
        Arguments result = new(false, null, null);
        for (int i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new UsageException($"{args[^1]} needs a value");
            result = args[i] switch
            {
                "--check" => result with { Check = true },
                "--libclang" => result with { LibClang = Value() },
                "--include" => result with { Include = Value() },
                _ => throw new UsageException($"found '{args[i]}', expected an option"),
            };
        }

        return result;
    }
}
