using Google.Protobuf;
using Tessera.Features;
using Tessera.Onnx.Messages;
using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.IO;

namespace Tessera.Onnx.Tests;

/// <summary>Feature networks from files that PyTorch wrote (tests/fixtures/onnx).</summary>
public sealed class OnnxFeaturesTests
{
    /// <summary>A few dozen roundings of 2^-24 in each of three layers, relative to the largest feature.</summary>
    private const double Tolerance = 3e-6;

    /// <summary>Changes to a file, by a part of the message that they lead to.</summary>
    private static readonly Dictionary<string, Action<ModelProto>> Changes = new()
    {
        ["which are not in the file"] = model => model.Graph.Initializer.Clear(),
        ["which are in another file"] = model => Weight(model).DataLocation = TensorProto.Types.DataLocation.External,
        ["which are not float32"] = model => Weight(model).DataType = 11,
        ["which have"] = model => Weight(model).RawData = ByteString.CopyFrom(new byte[8]),
        ["of the shape"] = model => Weight(model).Dims[0] = -1,
        ["which are not finite"] = model => Weight(model).RawData = NotNumbers(Weight(model).RawData.Length),
        ["groups of channels"] = model => Set(model, "group", 3),
        ["dilations"] = model => SetAll(model, "dilations", 2),
        ["a padding that differs"] = model => SetAll(model, "pads", 1, 1, 0, 0),
        ["strides of 1x2"] = model => SetAll(model, "strides", 1, 2),
        ["does not follow a convolution"] = model => First(model).OpType = "Relu",
        ["has 2 inputs"] = model => model.Graph.Input.Add(new ValueInfoProto { Name = "other" }),
        ["no convolution"] = model => model.Graph.Node.Clear(),
        ["has no graph"] = model => model.Graph = null,
    };

    public static TheoryData<string> Faults => [.. Changes.Keys];

    [Theory]
    [InlineData("plain", 3)]
    [InlineData("normalised", 3)]
    public void The_features_are_PyTorchs(string name, int stages)
    {
        TensorFile expected = SafeTensors.Read(Fixture("features.safetensors"));
        using FeatureNetwork network = OnnxFeatures.Read(Fixture($"{name}.onnx"));
        Assert.Equal(stages, network.Layers.Count(layer => layer.IsStage));
        Assert.Empty(network.Parameters());
        using var tape = new Tape(recording: false);
        IReadOnlyList<Tensor> features = network.Forward(tape.Input(
            expected["images"].Values.Span, new Shape(expected["images"].Shape)));
        for (int stage = 0; stage < stages; stage++)
        {
            TensorEntry entry = expected[$"{name}/{stage}"];
            Assert.Equal(entry.Shape, features[stage].Shape.ToArray());
            float[] values = entry.Values.ToArray();
            double largest = values.Max(Math.Abs);
            Assert.All(features[stage].ToArray().Zip(values), pair => Assert.Equal(
                pair.Second / largest, pair.First / largest, Tolerance));
        }
    }

    [Theory]
    [InlineData("residual", "is read by", "Conv and Add")]
    [InlineData("sigmoid", "the operator Sigmoid (node /1/Sigmoid) cannot be read", "BatchNormalization, Relu")]
    public void What_cannot_be_read_is_named(string name, params string[] parts)
    {
        string path = Fixture($"{name}.onnx");
        InputException e = Assert.Throws<InputException>(() => OnnxFeatures.Read(path));
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_is_named_in_one_line(string part)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Fixture("plain.onnx")));
        Changes[part](model);
        InputException e = Assert.Throws<InputException>(() => OnnxFeatures.Read(model.ToByteArray(), "some/file"));
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("some/file", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void A_missing_file_is_named() => Assert.Contains(
        "none.onnx", Assert.Throws<InputException>(() => OnnxFeatures.Read("none.onnx")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("plain")]
    [InlineData("normalised")]
    public void Damaged_files_are_refused(string name) => Damage.IsSurvived<InputException>(
        File.ReadAllBytes(Fixture($"{name}.onnx")), "some/file", file =>
        {
            using FeatureNetwork network = OnnxFeatures.Read(file, "some/file");
        });

    private static string Fixture(string name) => Repository.Fixture("onnx", name);

    private static NodeProto First(ModelProto model) => model.Graph.Node[0];

    private static TensorProto Weight(ModelProto model) =>
        model.Graph.Initializer.Single(tensor => tensor.Name == First(model).Input[1]);

    private static ByteString NotNumbers(int length) =>
        ByteString.CopyFrom([.. Enumerable.Repeat((byte)0xFF, length)]);

    private static void Set(ModelProto model, string name, long value) =>
        First(model).Attribute.Single(attribute => attribute.Name == name).I = value;

    private static void SetAll(ModelProto model, string name, params long[] values)
    {
        var list = First(model).Attribute.Single(attribute => attribute.Name == name).Ints;
        for (int i = 0; i < list.Count; i++) list[i] = values[i % values.Length];
    }
}
