using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Quantization;
using Tessera.Tests.Data;
using Tessera.Tests.Imaging;

namespace Tessera.Tests;

/// <summary>
/// Feeds randomly damaged files to the readers of images, data sets and models; token files are in TokenFileTests.
/// </summary>
public sealed class ReaderDamageTests : IDisposable
{
    private const string Source = "some/file";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("type 2, 8 bits, plain")]
    [InlineData("type 3, 4 bits, Adam7")]
    [InlineData("ancillary chunks")]
    public void Png(string name) => Damage.IsSurvived<InputException>(
        ImagingFixtures.Pngs[name].File, Source, file => Tessera.Imaging.ImageFile.Decode(file, Source));

    [Fact]
    public void Cifar_binary() => Damage.IsSurvived<InputException>(
        CifarFiles.TwoRecords, Source, file => CifarBatch.FromRecords(file, Source));

    [Fact]
    public void Stores_of_images()
    {
        string path = _folder[$"{nameof(Stores_of_images)}.tpk"];
        var images = new ImageSource("few", 4, 1, [0, 1, 0], ["a", "b"], i => [.. Enumerable.Repeat((byte)i, 16)]);
        ImagePacker.Pack(images, Split.Train, path, cancellation: Cancellation);
        Damage.IsSurvived<InputException>(File.ReadAllBytes(path), path, file =>
        {
            File.WriteAllBytes(path, file);
            using ImageStore store = ImageStore.Open(path);
            store.Verify(cancellation: Cancellation);
            ImageSource all = store.Images(Split.All);
            for (int i = 0; i < all.Count; i++) _ = (all.NameOf(i), all.Read(i));
        });
    }

    [Theory]
    [InlineData("python2.pickle")]
    [InlineData("python3.pickle")]
    [InlineData("columns.pickle")]
    public void Cifar_pickles(string fixture) => Damage.IsSurvived<InputException>(
        CifarFiles.Fixture(fixture), Source, file => CifarPickle.Read(file, Source));

    /// <summary>Nearly all of a batch is pixels; this damages the bytes before them.</summary>
    [Fact]
    public void Cifar_pickles_before_their_pixels()
    {
        byte[] whole = CifarFiles.Fixture("python2.pickle");
        int pixels = whole.AsSpan().IndexOf("T\0\x18\0\0"u8);
        Damage.IsSurvived<InputException>(
            whole[..pixels], Source, start => CifarPickle.Read((byte[])[.. start, .. whole.AsSpan(pixels)], Source));
    }

    [Theory]
    [InlineData("small.pt")]
    public void Models(string fixture) => Damage.IsSurvived<InputException>(
        File.ReadAllBytes(Repository.Fixture("pytorch", fixture)), "model", file =>
        {
            File.WriteAllBytes(_folder["model"], file);
            ModelFile.Read(_folder["model"]);
        });

    /// <summary>With metadata, which files written by Python lack.</summary>
    [Theory]
    [InlineData("model.pt", 0, 0, false)]
    [InlineData("model.safetensors", 0, 0, false)]
    [InlineData("model.safetensors", 2, 1, false)]
    [InlineData("model.safetensors", 0, 0, true)]
    public void Models_written_here(string name, int groups, int heads, bool top)
    {
        var options = new VqVaeOptions
        {
            GroupNorm = groups,
            Attention = heads,
            Hidden = 4,
            ResidualHidden = 2,
            ResidualLayers = 1,
            Codes = 3,
            CodeDim = 2,
            Quantizer = new EmaVectorQuantizerOptions(),
            Cell = new() { Top = top },
        };
        AssertSurvived(options, name);
    }

    /// <summary>Their metadata say more: the number of codes, the levels, the codes of a cell.</summary>
    [Theory]
    [InlineData("fsq", 1, 2)]
    [InlineData("lfq", 2, 2)]
    [InlineData("gumbel", 2, 1)]
    [InlineData("bsq", 1, 2)]
    [InlineData("cosine", 2, 1)]
    [InlineData("simvq", 2, 2)]
    [InlineData("ema", 2, 2)]
    public void Models_with_several_codes_a_cell_written_here(string kind, int groups, int depth) => AssertSurvived(
        new VqVaeOptions
        {
            Hidden = 4,
            ResidualHidden = 2,
            ResidualLayers = 1,
            Codes = 8,
            CodeDim = 4,
            Quantizer = QuantizerOptions.Find(kind),
            Cell = new() { Groups = groups, Depth = depth },
        },
        "model.safetensors");

    private void AssertSurvived(VqVaeOptions options, string name)
    {
        ModelFile.Write(_folder[name], new VqVae(options), dataVariance: 0.0625);
        Damage.IsSurvived<InputException>(File.ReadAllBytes(_folder[name]), "damaged", file =>
        {
            File.WriteAllBytes(_folder["damaged"], file);
            ModelFile.Read(_folder["damaged"]);
        });
    }

    [Fact]
    public void Images_without_an_extension()
    {
        byte[] png = Tessera.Imaging.ImageFile.EncodePng(SyntheticShapes.Image(1, 16));
        Damage.IsSurvived<InputException>(png, "image", file =>
        {
            File.WriteAllBytes(_folder["image"], file);
            ImageFile.Read(_folder["image"]);
        });
    }
}
