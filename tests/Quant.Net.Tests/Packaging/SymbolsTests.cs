using System.Reflection.Metadata;

namespace Quant.Net.Tests.Packaging;

/// <summary>The symbols are made so that they help on any machine.</summary>
public sealed class SymbolsTests
{
    // Of the format of portable PDB files: source text of a document.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Fact]
    public void SymbolsCarryTheSourcesAndNoPathOfThisMachine()
    {
        string path = Path.ChangeExtension(typeof(QuantDevice).Assembly.Location, ".pdb");
        using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(path));
        MetadataReader symbols = provider.GetMetadataReader();

        Assert.NotEmpty(symbols.Documents);
        foreach (DocumentHandle handle in symbols.Documents)
        {
            string name = symbols.GetString(symbols.GetDocument(handle).Name);
            Assert.StartsWith("/_/", name, StringComparison.Ordinal);
            Assert.True(symbols.GetCustomDebugInformation(handle).Any(IsSource), $"{name} has no source");
        }

        bool IsSource(CustomDebugInformationHandle handle) =>
            symbols.GetGuid(symbols.GetCustomDebugInformation(handle).Kind) == EmbeddedSource;
    }
}
