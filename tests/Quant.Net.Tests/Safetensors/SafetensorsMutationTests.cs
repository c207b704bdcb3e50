using Quant.Net.Safetensors;
using Xunit.Abstractions;

namespace Quant.Net.Tests.Safetensors;

/// <summary>
/// Damage to valid files and folders, at random: they open and can be used and copied, or end in one of the two exceptions that are
/// documented, soon and without much memory. <c>./build.sh fuzz safetensors</c> goes on for as long as it is told to.
/// </summary>
public class SafetensorsMutationTests(ITestOutputHelper output)
{
    private const int CopyOneIn = 20;

    private readonly FuzzRun _run = new("safetensors", output);

    [Fact]
    public void DamagedModelsOpenOrEndInAnException()
    {
        SafetensorsDamage[][] models = MalformedSafetensors.All.Values
            .Select(kind => kind.Build(false)).Append(EveryType())
            .Select(model => model.Select(file => new SafetensorsDamage(file.Name, file.Bytes, _run.Random)).ToArray()).ToArray();

        var outcomes = new HashSet<string>();
        _run.Repeat(() =>
        {
            SafetensorsDamage[] model = models[_run.Random.Next(models.Length)];
            SafetensorsDamage damaged = model[_run.Random.Next(model.Length)];
            byte[] bytes = damaged.Next();
            bool opens = Opens([.. model.Select(file => (file.Name, file == damaged ? bytes : file.Original))], out string outcome);
            if (outcomes.Add(outcome) && opens)
            {
                damaged.Keep(bytes);
            }

            return (outcome, opens);
        });
    }

    private static (string Name, byte[] Bytes)[] EveryType()
    {
        int end = 0;
        IEnumerable<string> tensors = Enum.GetValues<SafetensorsType>().Select(type =>
        {
            int begin = end;
            end += SafetensorsTypes.BitsPerElement(type);   // of 8 elements: as many bytes
            return SafetensorsText.Tensor($"t.{type}", "[2,4]", $"[{begin},{end}]", type.ToString());
        });
        string header = $"{{\"__metadata__\":{{\"format\":\"pt\"}},{string.Join(',', tensors)}}}";
        return [("model.safetensors", SafetensorsText.File(header, end))];
    }

    private bool Opens((string Name, byte[] Bytes)[] files, out string outcome)
    {
        foreach ((string name, byte[] bytes) in files)
        {
            File.WriteAllBytes(Path.Combine(_run.Folder, name), bytes);
        }

        bool opens = FuzzRun.TryOpen(
            () => SafetensorsModel.Open(_run.Folder), files.Sum(file => file.Bytes.Length), out SafetensorsModel? model, out outcome);
        using (model)
        {
            if (model is not null)
            {
                outcome = Describe(model);
                Use(model);
                if (_run.Random.Next(CopyOneIn) == 0)
                {
                    ExpectCopyIsTheSame(model);
                }
            }
        }

        Array.ForEach(files, file => File.Delete(Path.Combine(_run.Folder, file.Name)));
        return opens;
    }

    private static string Describe(SafetensorsModel model) => "opened" + string.Concat(model.Warnings.Select(FuzzRun.Kind)
        .Concat(model.Tensors.Select(tensor => $"{tensor.Type} in {tensor.Shape.Count}"))
        .Append($"{model.Quantization?.Method}, {model.Quantization?.Bits}, {model.Config?.ModelType}")
        .Distinct().Order(StringComparer.Ordinal));

    private static void Use(SafetensorsModel model)
    {
        foreach (SafetensorsTensor tensor in model.Tensors)
        {
            Assert.InRange(tensor.FileOffset, tensor.File.DataOffset, tensor.File.Length);
            Assert.InRange(tensor.FileOffset + tensor.ByteLength, tensor.File.DataOffset, tensor.File.Length);
            Assert.Equal(tensor.ByteLength, tensor.ElementCount * tensor.BitsPerElement / 8);
            if (tensor.RowCount > 0 && tensor.RowLength * tensor.BitsPerElement % 8 == 0)
            {
                Assert.Equal(tensor.BytesPerRow, tensor.GetSpan(tensor.RowCount - 1, 1).ToArray().Length);
            }
        }
    }

    /// <summary>What could be read can be written, and is then the same.</summary>
    private void ExpectCopyIsTheSame(SafetensorsModel model)
    {
        string path = Path.Combine(_run.Folder, "copy", "copy.safetensors");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafetensorsFile first = model.Files[0];
        using (var writer = SafetensorsWriter.Create(path, new SafetensorsWriterOptions { Overwrite = true, Metadata = first.Metadata }))
        {
            foreach (SafetensorsTensor tensor in model.Tensors)
            {
                writer.AddTensor(tensor.Name, tensor.Type, [.. tensor.Shape]);
            }

            foreach (SafetensorsTensor tensor in model.Tensors)
            {
                writer.Write(tensor.Name, Bytes(tensor));
            }

            writer.Complete();
        }

        using SafetensorsFile copy = SafetensorsFile.Open(path);
        Assert.Equal(first.Metadata, copy.Metadata);
        Assert.Equal(Sorted(model.Tensors), Sorted(copy.Tensors));
        Assert.All(model.Tensors, tensor => Assert.True(Bytes(tensor).SequenceEqual(Bytes(copy.Tensors[tensor.Name]))));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    private static IEnumerable<string> Sorted(SafetensorsTensorCollection tensors) =>
        tensors.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal);

    private static unsafe ReadOnlySpan<byte> Bytes(SafetensorsTensor tensor) => new(tensor.Pointer, (int)tensor.ByteLength);
}
