using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Tests.Data.Stores;

/// <summary>A folder of images and a store beside it, for tests; its blocks hold five images of 8x8x3.</summary>
internal sealed class StoreFolder : IDisposable
{
    public const int Side = 8, PerBlock = 5;

    private readonly TemporaryFolder _folder = new();

    public string Images => _folder["images"];

    public string Path => _folder["images.tpk"];

    public static PackOptions Options { get; } = new() { Size = Side, BlockLength = PerBlock * Side * Side * 3 };

    /// <summary>Another file beside the store.</summary>
    public string Beside(string name) => _folder[name];

    /// <summary>Adds an image to the folder.</summary>
    public void Add(string name, int number) =>
        _folder.Write($"images/{name}", ImageFile.EncodePng(SyntheticShapes.Image(number, 16)));

    /// <summary>Adds images of three classes, so many that a tenth, chosen by hash, is some.</summary>
    public StoreFolder Fill(int count)
    {
        for (int i = 0; i < count; i++) Add($"{(char)('a' + i % 3)}/{i:000}.png", i);
        return this;
    }

    /// <summary>Adds a file that is no image.</summary>
    public void AddDamaged(string name) => _folder.Write($"images/{name}", [0x89, (byte)'P']);

    public PackResult Pack(PackOptions? options = null) =>
        ImagePacker.Pack(Images, Path, options ?? Options, cancellation: TestContext.Current.CancellationToken);

    /// <summary>What a store holds, as one text for comparison.</summary>
    public static string Describe(ImageSource images) => string.Join('\n', Enumerable.Range(0, images.Count).Select(
        i => $"{images.NameOf(i)} {images.ClassNames[images.Labels[i]]} {Convert.ToHexString(images.Read(i))}"));

    public void Dispose() => _folder.Dispose();
}
