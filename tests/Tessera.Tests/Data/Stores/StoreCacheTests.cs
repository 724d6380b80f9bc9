using Tessera.Data;
using Tessera.Data.Stores;
using Tessera.Imaging;

namespace Tessera.Tests.Data.Stores;

/// <summary>The stores of large folders: used again, made anew, waited for.</summary>
public sealed class StoreCacheTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly List<string> _begun = [], _waited = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] Stores => TemporaryFolder.NamesIn(Path.Combine(_folder.Beside("cache"), "stores"));

    public void Dispose() => _folder.Dispose();

    /// <summary>It may be back the next time, with nothing to tell by that it was away.</summary>
    [Fact]
    public void A_file_that_cannot_be_read_ends_packing_and_is_there_the_next_time()
    {
        _folder.Fill(12);
        _folder.AddDamaged("b/bad.png");
        string file = Path.Combine(_folder.Images, "b", "004.png"), away = _folder.Beside("away.png");
        FolderListing listing = ImageFolder.List(_folder.Images, Cancellation);
        File.Move(file, away);
        InputException e = Assert.Throws<InputException>(() => Open(listing));
        Assert.Contains($"cannot read {file}: there is no such file", e.Message, StringComparison.Ordinal);
        File.Move(away, file);
        using ImageStore store = Open();
        Assert.Equal(12, store.Count);
        Assert.Equal(["b/bad.png"], store.LeftOut.Select(image => image.Name));
    }

    [Fact]
    public void A_link_counts_as_the_file_that_it_leads_to()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Links need a privilege on Windows.");
        _folder.Fill(3);
        string target = _folder.Beside("target.png");
        File.WriteAllBytes(target, ImageFile.EncodePng(SyntheticShapes.Image(9, 16)));
        File.CreateSymbolicLink(Path.Combine(_folder.Images, "a", "link.png"), target);
        byte[] before, after;
        using (ImageStore store = Open()) before = store.Images(Split.All).Read(1);
        Open().Dispose();
        Assert.Single(_begun);
        File.WriteAllBytes(target, ImageFile.EncodePng(SyntheticShapes.Image(10, 16)));
        File.SetLastWriteTimeUtc(target, DateTime.UnixEpoch);
        using (ImageStore store = Open())
        {
            Assert.Equal("a/link.png", store.Images(Split.All).NameOf(1));
            after = store.Images(Split.All).Read(1);
        }
        Assert.Equal(2, _begun.Count);
        Assert.NotEqual(before, after);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no store")]
    public void A_store_of_no_use_is_begun_anew(string content)
    {
        _folder.Fill(7);
        Open().Dispose();
        byte[] good = File.ReadAllBytes(_begun[0]);
        File.WriteAllText(_begun[0], content);
        Open().Dispose();
        Assert.Equal(good, File.ReadAllBytes(_begun[1]));
    }

    /// <summary>A run may read the store of what the folder was before.</summary>
    [Fact]
    public void A_folder_that_changed_has_another_store_and_those_before_go_when_nobody_uses_them()
    {
        _folder.Fill(3);
        ImageStore first = Open();
        _folder.Add("a/new.png", 4);
        using (ImageStore second = Open()) Assert.Equal(4, second.Count);
        Assert.Equal(2, Stores.Length);
        Assert.Equal(3, first.Images(Split.All).Count);
        first.Dispose();
        _folder.Add("a/newer.png", 5);
        using (ImageStore third = Open()) Assert.Equal(5, third.Count);
        Assert.Single(Stores);
    }

    [Fact]
    public async Task It_says_once_that_it_waits_for_another_process()
    {
        _folder.Fill(3);
        Open().Dispose();
        Task<ImageStore> waiting;
        using (StoreFile.OpenToWrite(_begun[0]))
        {
            waiting = Task.Run(() => Open(), Cancellation);
            while (_waited.Count == 0) await Task.Delay(10, Cancellation);
            await Task.Delay(500, Cancellation);
        }
        using ImageStore store = await waiting;
        Assert.Equal(3, store.Count);
        Assert.Equal(_begun[0], Assert.Single(_waited));
    }

    [Fact]
    public void A_cache_folder_that_cannot_be_made_is_an_error_of_the_input()
    {
        _folder.Fill(3);
        File.WriteAllText(_folder.Beside("cache"), "a file");
        InputException e = Assert.Throws<InputException>(() => Open());
        Assert.Contains("is a file, not a folder", e.Message, StringComparison.Ordinal);
        Assert.Equal("Cache", e.Option);
    }

    private ImageStore Open(FolderListing? listing = null) => StoreCache.Open(
        _folder.Beside("cache"),
        new FolderPackSource(listing ?? ImageFolder.List(_folder.Images, Cancellation), StoreFolder.Side, 3),
        _begun.Add, _waited.Add, null, Cancellation);
}
