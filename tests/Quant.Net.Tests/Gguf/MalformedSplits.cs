using static Quant.Net.Tests.Gguf.GgufBytes;
using Kind = Quant.Net.Tests.Gguf.MalformedFiles.Kind;

namespace Quant.Net.Tests.Gguf;

/// <summary>Kinds of malformed split models: two parts with a tensor each, of which one says or is something wrong.</summary>
internal static class MalformedSplits
{
    /// <summary>A model of two parts. The functions see the part's number and whether it is to be broken.</summary>
    private static Kind Split(
        string name, Func<int, bool, TestEntry[]> entries,
        Func<int, bool, string>? tensor = null, Func<int, bool, string>? file = null) =>
        new(name, broken => Enumerable.Range(0, 2).Select(part => (
            file?.Invoke(part, broken) ?? PartName(part),
            new TestModel
            {
                Entries = entries(part, broken),
                Tensors = [new(tensor?.Invoke(part, broken) ?? $"w{part}")],
            }.ToBytes())).ToArray());

    private static string PartName(int part) => $"m-{part + 1:D5}-of-00002.gguf";

    private static TestEntry No(int value) => TestEntry.UInt16("split.no", value);

    private static TestEntry Count(int value) => TestEntry.UInt16("split.count", value);

    private static TestEntry Tensors(uint value) => new("split.tensors.count", I32, v => v.Word32(value));

    private static TestEntry[] Right(int part) => [No(part), Count(2), Tensors(2)];

    public static IEnumerable<Kind> Kinds()
    {
        foreach (int which in new[] { 0, 1 })
        {
            string ordinal = which == 0 ? "opened" : "other";
            Kind Wrong(string name, Func<int, TestEntry[]> entries) =>
                Split($"{ordinal} part: {name}", (part, broken) => broken && part == which ? entries(part) : Right(part));

            yield return Wrong("split.no is u32", part => [TestEntry.UInt32("split.no", (uint)part), Count(2), Tensors(2)]);
            yield return Wrong("split.no is a string", part => [TestEntry.Text("split.no", "0"), Count(2), Tensors(2)]);
            yield return Wrong("split.no is missing", _ => [Count(2), Tensors(2)]);
            yield return Wrong("split.no is 2 of 2", _ => [No(2), Count(2), Tensors(2)]);
            yield return Wrong("split.no is the other part's", part => [No(1 - part), Count(2), Tensors(2)]);
            yield return Wrong("split.count is u32", part => [No(part), TestEntry.UInt32("split.count", 2), Tensors(2)]);
            yield return Wrong("split.count is an array",
                part => [No(part), new("split.count", GgufBytes.Array, v => v.ArrayHead(U16, 1).Word16(2)), Tensors(2)]);
            yield return Wrong("split.count is 3", part => [No(part), Count(3), Tensors(2)]);
            yield return Wrong("split.tensors.count is u32", part => [No(part), Count(2), TestEntry.UInt32("split.tensors.count", 2)]);
            yield return Wrong("split.tensors.count is negative", part => [No(part), Count(2), Tensors(uint.MaxValue)]);
            yield return Wrong("split.tensors.count is 3", part => [No(part), Count(2), Tensors(3)]);
            yield return Wrong("split.tensors.count is missing", part => [No(part), Count(2)]);
            yield return Wrong("alignment is 0", part => [.. Right(part), TestEntry.UInt32("general.alignment", 0)]);
        }

        yield return Split("other part: no split keys", (part, broken) => broken && part == 1 ? [] : Right(part));
        yield return Split("split.tensors.count is 1 too many in both parts",
            (part, broken) => [No(part), Count(2), Tensors(broken ? 3u : 2)]);
        yield return Split("split.tensors.count is 1 too few in both parts",
            (part, broken) => [No(part), Count(2), Tensors(broken ? 1u : 2)]);
        yield return Split("tensor name is in both parts", (part, _) => Right(part), tensor: (part, broken) => broken ? "w" : $"w{part}");
        yield return Split("part's name is not a part's",
            (part, _) => Right(part), file: (part, broken) => broken && part == 0 ? "m.gguf" : PartName(part));
        yield return Split("part's name has four digits",
            (part, _) => Right(part), file: (part, broken) => broken ? $"m-{part + 1:D4}-of-0002.gguf" : PartName(part));
        yield return new Kind("other part: is no GGUF file", broken => [Part(0), broken ? (PartName(1), "I am text"u8.ToArray()) : Part(1)]);
        yield return new Kind("other part: is empty", broken => [Part(0), broken ? (PartName(1), []) : Part(1)]);
        yield return new Kind("other part: is cut short", broken => [Part(0), broken ? (PartName(1), Part(1).Bytes[..^1]) : Part(1)]);
        yield return new Kind("part is missing", broken => broken ? [Part(1)] : [Part(1), Part(0)]);
    }

    private static (string Name, byte[] Bytes) Part(int part) =>
        (PartName(part), new TestModel { Entries = Right(part), Tensors = [new($"w{part}")] }.ToBytes());
}
