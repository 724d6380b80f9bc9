using System.IO.Compression;
using Tessera.Tensors.IO;
using Tessera.Tensors.IO.Pickle;
using Tessera.Tensors.IO.PyTorch;

namespace Tessera.Tensors.Tests.IO;

/// <summary>Runs every reader of the engine on randomly damaged files.</summary>
public sealed class ReaderDamageTests
{
    private const string Source = "some/file";

    [Theory]
    [InlineData("safetensors/every_type.safetensors")]
    [InlineData("safetensors/golden.safetensors")]
    public void Safetensors(string fixture) => Damage.IsSurvived<InvalidDataException>(
        Read(fixture), Source, file => SafeTensors.Read(new MemoryStream(file), Source));

    [Theory]
    [InlineData("pytorch/kinds.pt")]
    [InlineData("pytorch/small_ema.pt")]
    [InlineData("pytorch/checkpoint.pt")]
    public void PyTorch(string fixture) => Damage.IsSurvived<InvalidDataException>(
        Read(fixture), Source, file => PyTorchFile.ReadAll(new MemoryStream(file), Source));

    /// <summary>
    /// Most damage to a zip file is found before the pickle is read; this test damages only the pickle.
    /// </summary>
    [Fact]
    public void Pickles_of_PyTorch()
    {
        Damage.IsSurvived<InvalidDataException>(
            Entry(Read("pytorch/kinds.pt"), "kinds/data.pkl"), "at byte",
            file => new PickleReader(file, new StateDictVocabulary()).Read());
    }

    [Theory]
    [InlineData("pytorch/kinds.pt", "kinds/data.pkl")]
    public void PyTorch_with_a_damaged_pickle(string fixture, string name)
    {
        byte[] good = Read(fixture);
        Damage.IsSurvived<InvalidDataException>(Entry(good, name), Source, pickle =>
            PyTorchFile.Read(new MemoryStream(WithEntry(good, name, pickle)), Source));
    }

    [Theory]
    [InlineData("npy/uint16.npy")]
    [InlineData("npy/version2.npy")]
    [InlineData("npy/int64.npy")]
    [InlineData("npy/fortran.npy")]
    [InlineData("npy/stored.npz")]
    [InlineData("npy/compressed.npz")]
    public void Npy(string fixture) => Damage.IsSurvived<InvalidDataException>(Read(fixture), Source, file =>
    {
        using NpyReader reader = NpyReader.Open(new MemoryStream(file), Source, "codes");
        int[] some = new int[5];
        for (long left = reader.Length; left > 0; left -= some.Length)
            reader.Read(some.AsSpan(0, (int)Math.Min(left, some.Length)));
    });

    private static byte[] Read(string fixture) => File.ReadAllBytes(Repository.Fixture(fixture.Split('/')));

    private static byte[] Entry(byte[] file, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(file));
        using Stream entry = zip.GetEntry(name)!.Open();
        using var bytes = new MemoryStream();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] WithEntry(byte[] file, string name, byte[] content)
    {
        using var from = new ZipArchive(new MemoryStream(file));
        using var result = new MemoryStream();
        using (var to = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in from.Entries)
            {
                using Stream copy = to.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                copy.Write(entry.FullName == name ? content : Entry(file, entry.FullName));
            }
        }
        return result.ToArray();
    }
}
