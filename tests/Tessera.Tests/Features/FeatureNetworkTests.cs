using Tessera.Features;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.IO;
using Tessera.Tensors.Nn;

namespace Tessera.Tests.Features;

public sealed class FeatureNetworkTests : IDisposable
{
    private const string LayersKey = "tessera.features";

    private static readonly FeatureLayer[] Layers =
    [
        new() { Inputs = 3, Outputs = 20, Padding = 1, Relu = true, IsStage = true },
        new() { Kind = FeatureLayerKind.MaxPool, Inputs = 20, Outputs = 20, Kernel = 2, Stride = 2 },
        new() { Inputs = 20, Outputs = 17, Padding = 1, Relu = true, IsStage = true },
    ];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int?, string?> Devices => ParityDevices.All();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Devices))]
    public void The_distance_agrees_with_PyTorch(int? threads, string? kernels)
    {
        var fixture = ParityFixture.Load("losses");
        using var device = new CpuDevice(threads, kernels);
        using var network = new FeatureNetwork(Layers, new Initializer(0, device), device);
        foreach ((string name, Tensor tensor) in network.State())
            tensor.CopyFrom(fixture.Values($"perceptual/weights/{name}"));
        using var tape = new Tape(device);
        Tensor x = tape.Variable(fixture.Values("perceptual/x"), fixture.ShapeOf("perceptual/x"));
        Tensor y = tape.Variable(fixture.Values("perceptual/y"), fixture.ShapeOf("perceptual/y"));
        Tensor distance = network.Distance(x, y);
        tape.Backward(distance);
        fixture.AssertClose("perceptual/loss", distance, device.Description);
        fixture.AssertClose("perceptual/dx", x.Gradient!, device.Description);
        fixture.AssertClose("perceptual/dy", y.Gradient!, device.Description);
        Assert.All(network.State(), entry => Assert.Null(entry.Tensor.Gradient));
    }

    [Fact]
    public void A_network_is_read_back_from_its_file_and_is_frozen()
    {
        using var network = new FeatureNetwork(Layers, new Initializer(5));
        FeatureFile.Write(_folder["f.safetensors"], network);
        using FeatureNetwork read = FeatureFile.Read(_folder["f.safetensors"]);
        Assert.Equal(Layers, read.Layers);
        Assert.Empty(read.Parameters());
        Assert.Equal(
            network.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))),
            read.State().Select(entry => (entry.Name, string.Join(' ', entry.Tensor.ToArray()))));
    }

    [Fact]
    public void Equal_images_have_no_distance_and_the_sizes_are_checked()
    {
        using var network = new FeatureNetwork(Layers, new Initializer(5));
        Assert.Equal((3, 2), (network.Channels, network.SmallestSize));
        using var tape = new Tape(recording: false);
        Tensor images = tape.Input([.. Enumerable.Range(0, 48).Select(i => i / 48f - 0.5f)], [1, 4, 4, 3]);
        Assert.Equal(0, network.Distance(images, images).Item());
        Assert.Contains(
            "takes images with 3 channels", Assert.Throws<InputException>(() => network.CheckFit(4, 4, 1)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "needs 2 pixels", Assert.Throws<InputException>(() => network.CheckFit(1, 4, 3)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "[", "describe no feature network")]
    [InlineData("", "null", "it is empty")]
    [InlineData("", "[]", "has 1 to 1000 layers")]
    [InlineData("\"kernel\": 3", "\"kernel\": 0", "Kernel must be 1 to 64")]
    [InlineData("\"kernel\": 3", "\"kernel\": 5", "has the shape")]
    [InlineData("\"outputs\": 17", "\"outputs\": 8000", "has the shape")]
    [InlineData("\"inputs\": 3", "\"inputs\": 1000000000", "Inputs must be 1 to 8192")]
    [InlineData("\"kind\": \"MaxPool\"", "\"kind\": \"Dance\"", "describe no feature network")]
    [InlineData("\"kind\": \"MaxPool\"", "\"kind\": \"Convolution\"", "is missing")]
    public void Wrong_metadata_are_refused(string part, string change, string expected)
    {
        TensorFile file = Written();
        string own = file.Metadata[LayersKey];
        Assert.Contains(part, own, StringComparison.Ordinal);
        int place = own.IndexOf(part, StringComparison.Ordinal);
        string json = part.Length == 0 ? change : own.Remove(place, part.Length).Insert(place, change);
        Refused(file.Tensors, new() { [LayersKey] = json }, expected);
    }

    [Fact]
    public void Missing_metadata_tensors_and_numbers_that_are_not_finite_are_refused()
    {
        TensorFile file = Written();
        Dictionary<string, string> metadata = file.Metadata.ToDictionary();
        Refused(file.Tensors, [], "holds no feature network");
        Refused(file.Tensors.Skip(1), metadata, "the tensor features.0.weight is missing");
        Refused(
            file.Tensors.Select(tensor => tensor.Name == "features.2.bias"
                ? tensor with { Values = new float[] { float.NaN }.Concat(new float[16]).ToArray() }
                : tensor),
            metadata, "not finite");
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        Written();
        byte[] good = File.ReadAllBytes(_folder["f.safetensors"]);
        Damage.IsSurvived<InputException>(good, _folder["f.safetensors"], file =>
        {
            File.WriteAllBytes(_folder["f.safetensors"], file);
            using FeatureNetwork network = FeatureFile.Read(_folder["f.safetensors"]);
        });
    }

    private TensorFile Written()
    {
        using var network = new FeatureNetwork(Layers, new Initializer(5));
        FeatureFile.Write(_folder["f.safetensors"], network);
        return SafeTensors.Read(_folder["f.safetensors"]);
    }

    private void Refused(IEnumerable<TensorEntry> tensors, Dictionary<string, string> metadata, string expected)
    {
        using (FileStream stream = File.Create(_folder["changed.safetensors"]))
        {
            SafeTensors.Write(stream, [.. tensors], metadata);
        }
        InputException e = Assert.Throws<InputException>(() => FeatureFile.Read(_folder["changed.safetensors"]));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["changed.safetensors"], e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
