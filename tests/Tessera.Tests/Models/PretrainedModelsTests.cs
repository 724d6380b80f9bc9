using Tessera.Data;
using Tessera.Imaging;
using Tessera.Models;
using Tessera.Priors;

namespace Tessera.Tests.Models;

public sealed class PretrainedModelsTests : IDisposable
{
    private const string Name = "cifar10";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_written_once_and_what_differs_is_written_again()
    {
        Assert.Equal([Name], PretrainedModels.Names);
        string path = PretrainedModels.FolderOf(Name, [_folder.Path]);
        string weights = Path.Combine(path, "model.safetensors"), prior = Path.Combine(path, "prior", "config.json");
        byte[] original = File.ReadAllBytes(weights);
        DateTime old = DateTime.UnixEpoch;
        File.SetLastWriteTimeUtc(prior, old);
        File.WriteAllBytes(weights, original[1..]);
        _folder.Write("own.txt", [1]);

        Assert.Equal(path, PretrainedModels.FolderOf(Name, [_folder.Path]));
        Assert.Equal(original, File.ReadAllBytes(weights));
        Assert.Equal(old, File.GetLastWriteTimeUtc(prior));
        File.Delete(prior);
        PretrainedModels.FolderOf(Name, [_folder.Path]);
        Assert.True(File.Exists(prior), "a missing file was not written again");
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_passed_over()
    {
        string file = _folder.Write("file", [1]);
        Assert.StartsWith(_folder["next"], PretrainedModels.FolderOf(Name, [null, file, _folder["next"]]));
        Assert.Contains(
            "cannot write", Assert.Throws<InputException>(() => PretrainedModels.FolderOf(Name, [file])).Message);
        Assert.Contains(
            "no folder", Assert.Throws<InputException>(() => PretrainedModels.FolderOf(Name, [null])).Message);
    }

    [Fact]
    public void Another_name_is_refused_with_those_there_are() =>
        Assert.Contains(Name, Assert.Throws<InputException>(() => PretrainedModels.FolderOf("cifar")).Message);

    [Fact]
    public void It_draws_images_of_its_classes()
    {
        using var sampler = ImageSampler.Open(PretrainedModels.FolderOf(Name, [_folder.Path]));
        Assert.Equal(Cifar10.ClassNames, sampler.Prior.Options.Classes);
        Image image = Assert.Single(sampler.Sample(1, "horse", cancellation: TestContext.Current.CancellationToken));
        Assert.Equal((32, 32, 3), (image.Width, image.Height, image.Channels));
    }
}
