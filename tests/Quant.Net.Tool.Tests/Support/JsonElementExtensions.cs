using System.Text.Json;

namespace Quant.Net.Tool.Tests.Support;

/// <summary>Short ways to values in JSON.</summary>
internal static class JsonElementExtensions
{
    public static string? Text(this JsonElement element, string key) => element.GetProperty(key).GetString();

    public static long Number(this JsonElement element, string key) => element.GetProperty(key).GetInt64();

    public static bool Flag(this JsonElement element, string key) => element.GetProperty(key).GetBoolean();

    /// <summary>The elements of a list under a key.</summary>
    public static IReadOnlyList<JsonElement> List(this JsonElement element, string key) => [.. element.GetProperty(key).EnumerateArray()];

    /// <summary>The same text of each element of a list.</summary>
    public static IEnumerable<string?> Texts(this IEnumerable<JsonElement> list, string key) => list.Select(element => element.Text(key));

    /// <summary>The element of a list that has a text under a key.</summary>
    public static JsonElement Find(this IEnumerable<JsonElement> list, string key, string text) =>
        list.Single(element => element.Text(key) == text);
}
