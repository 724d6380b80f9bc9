using Tessera.Cli.Benchmarking;
using Tessera.Models;
using Tessera.Tensors.Devices;

namespace Tessera.Cli.Tests.Benchmarking;

public class ModelCostTests
{
    /// <summary>Multiply-adds of the reference notebook's layers for one 32x32 image.</summary>
    private const long FirstLayer = 16 * 16 * 64 * 3 * 16,
        Residual = 64 * 32 * 128 * 9 + 64 * 128 * 32,
        Encoder = FirstLayer + 64 * 128 * 64 * 16 + 64 * 128 * 128 * 9 + 2 * Residual + 64 * 64 * 128,
        Decoder = 64 * 128 * 64 * 9 + 2 * Residual + 64 * 64 * 128 * 16 + 256 * 3 * 64 * 16,
        Search = 64 * 512 * 64;

    [Fact]
    public void The_reference_notebooks_operations_are_those_of_its_layers()
    {
        var cost = new ModelCost(new VqVaeOptions(), batch: 256, height: 32, width: 32);
        Assert.Equal(256 * 2 * (Encoder + Search), cost.EncodeOperations);
        Assert.Equal(256 * 2 * Decoder, cost.DecodeOperations);
        Assert.Equal(256 * 2 * (3 * (Encoder + Decoder) - FirstLayer + Search), cost.TrainingOperations);
        Assert.Equal(67_511_517_184, cost.TrainingOperations);
    }

    [Theory]
    [InlineData(3, 128, 32, 2, 64)]
    [InlineData(1, 10, 3, 0, 5)]
    public void The_layers_are_those_of_the_model(
        int channels, int hidden, int residualHidden, int residualLayers, int codeDim)
    {
        var options = new VqVaeOptions
        {
            Channels = channels,
            Hidden = hidden,
            ResidualHidden = residualHidden,
            ResidualLayers = residualLayers,
            CodeDim = codeDim,
        };
        var cost = new ModelCost(options, batch: 2, height: 16, width: 24);
        Assert.Equal(
            new VqVae(options).State().Where(entry => entry.Tensor.Shape.Rank == 4)
                .Select(entry => (entry.Name, entry.Tensor.Shape.ToString())).Order(),
            cost.Encoder.Concat(cost.Decoder)
                .Select(layer => ($"{layer.Name}.weight", WeightShape(layer.Geometry))).Order());
    }

    /// <summary>For a 32x32 image: a map of 4x4 cells below those of 16x16 and 8x8.</summary>
    [Fact]
    public void The_operations_of_a_longer_chain_with_attention_are_those_of_its_layers()
    {
        const long First = 16 * 16 * 32 * 3 * 16, Blocks = 2 * (16 * 32 * 128 * 9 + 16 * 128 * 32),
            Attention = 16 * 128 * (3 * 128 + 128) + 2 * 16 * 16 * 128,
            Up = First + 64 * 64 * 32 * 16 + 16 * 128 * 64 * 16 + 16 * 128 * 128 * 9 + Blocks + Attention
                + 16 * 64 * 128,
            Down = 16 * 128 * 64 * 9 + Attention + Blocks + 16 * 64 * 128 * 16 + 64 * 32 * 64 * 16 + First,
            Nearest = 16 * 512 * 64;
        var cost = new ModelCost(
            new VqVaeOptions { Stride = 8, Attention = 4, GroupNorm = 8 }, batch: 3, height: 32, width: 32);
        Assert.Equal(3 * 2 * (Up + Nearest), cost.EncodeOperations);
        Assert.Equal(3 * 2 * Down, cost.DecodeOperations);
        Assert.Equal(3 * 2 * (3 * (Up + Down) - First + Nearest), cost.TrainingOperations);
    }

    [Fact]
    public void The_output_of_each_layer_is_the_input_of_the_next()
    {
        var cost = new ModelCost(new VqVaeOptions { CodeDim = 20 }, batch: 2, height: 16, width: 24);
        // The 3x3 and the 1x1 convolution of a residual block together keep the shape, so they are part of the chain.
        (int, int, int) shape = (16, 24, 3);
        foreach (ConvolutionLayer layer in cost.Encoder.Concat(cost.Decoder))
        {
            Conv2dGeometry g = layer.Geometry;
            (int, int, int) large = (g.InHeight, g.InWidth, g.InChannels);
            (int, int, int) small = (g.OutHeight, g.OutWidth, g.OutChannels);
            Assert.Equal(shape, layer.IsTransposed ? small : large);
            shape = layer.IsTransposed ? large : small;
        }
        Assert.Equal((16, 24, 3), shape);
    }

    [Fact]
    public void A_layer_describes_its_sizes()
    {
        var cost = new ModelCost(new VqVaeOptions(), batch: 1, height: 32, width: 32);
        Assert.Equal("4x4, stride 2, 3 -> 64 channels, 32x32 -> 16x16", cost.Encoder[0].Sizes);
        Assert.Equal("3x3, 64 -> 128 channels, 8x8 -> 8x8", cost.Decoder[0].Sizes);
        Assert.Equal("transposed 4x4, stride 2, 64 -> 3 channels, 16x16 -> 32x32", cost.Decoder[^1].Sizes);
    }

    private static string WeightShape(Conv2dGeometry g) =>
        $"[{g.OutChannels}, {g.InChannels}, {g.KernelHeight}, {g.KernelWidth}]";
}
