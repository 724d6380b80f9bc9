using Tessera.Data;
using Tessera.Imaging;

namespace Tessera.Tests.Data;

public sealed class DataSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_data_set_is_opened_by_its_name_and_a_folder_by_its_path()
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        ImageSource shapes = DataSource.Open(
            SyntheticShapes.Name, dataDir: null, Split.Test, 16, channels: 1, stop);
        Assert.Equal(("shapes test", 1, new ImageSize(16, 16)), (shapes.Name, shapes.Channels, shapes.Size));

        _folder.Write("images/one.png", ImageFile.EncodePng(SyntheticShapes.Image(0)));
        ImageSet images = DataSource.Load(
            _folder["images"], dataDir: null, Split.All, 16, channels: 3, cancellation: stop);
        Assert.Equal((1, 3, 16), (images.Count, images.Channels, images.Width));
    }

    [Fact]
    public void The_names_of_splits_are_lower_case() =>
        Assert.Equal(["train", "test", "all"], Enum.GetValues<Split>().Select(SplitNames.Name));
}
