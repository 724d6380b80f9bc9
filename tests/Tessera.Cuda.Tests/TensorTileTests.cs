using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

/// <summary>Products on tensor cores, which the simulation emulates: few and small ones.</summary>
public class TensorTileTests
{
    /// <summary>
    /// A convolution and its gradients by one warp: more than a tile of pixels, of channels and of steps. Four channels
    /// come in runs of four; three, and storages that are not aligned, one by one.
    /// </summary>
    [Theory]
    [InlineData(ProductKind.Tf32, 4, true, 1e-3)]
    [InlineData(ProductKind.Tf32, 4, false, 1e-3)]
    [InlineData(ProductKind.Tf32, 3, true, 1e-3)]
    [InlineData(ProductKind.Bfloat16, 4, true, 5e-3)]
    [InlineData(ProductKind.ThreeTf32, 4, true, 1e-6)]
    internal void Convolutions_agree(ProductKind products, int channels, bool isAligned, double tolerance)
    {
        using CudaDevice device = Simulation.Tensor(products, warps: 1);
        AssertConvolutions(device, new Conv2dGeometry(1, 6, 6, channels, 6, 6, 36, 3, 3, 1, 1), isAligned, tolerance);
    }

    /// <summary>The shapes of tiles with several warps, with their edges.</summary>
    [Theory]
    [InlineData(4, 20)]
    [InlineData(4, 36)]
    [InlineData(8, 68)]
    public void Shapes_agree(int warps, int outputs)
    {
        using CudaDevice device = Simulation.Tensor(ProductKind.Tf32, warps);
        var map = new Conv2dGeometry(1, 100, 1, 20, 100, 1, outputs, 1, 1, 1, 0);
        float[] x = Numbers.Normal(100 * 20, 1), weight = Numbers.Normal(20 * outputs, 2);
        float[] bias = Numbers.Normal(outputs, 3);
        Simulation.AssertClose(
            device, $"{outputs} outputs on {warps} warps", 1e-3,
            (bench, to) => bench.Device.Conv2d(
                map, bench.Store(x), bench.Store(weight),
                new Epilogue(bench.Store(bias), null, Activation.None, null, null), to[0]),
            isAligned: true, new float[100 * outputs]);
    }

    private static void AssertConvolutions(
        CudaDevice device, Conv2dGeometry g, bool isAligned, double tolerance)
    {
        float[] x = Numbers.Normal(g.Batch * g.InHeight * g.InWidth * g.InChannels, 1);
        float[] y = Numbers.Normal(g.Batch * g.OutHeight * g.OutWidth * g.OutChannels, 2);
        float[] weight = Numbers.Normal(g.OutChannels * g.InChannels * g.KernelHeight * g.KernelWidth, 3);
        string what = $"{device.Products}, {g}";
        Simulation.AssertClose(
            device, $"Conv2d, {what}", tolerance,
            (bench, to) => bench.Device.Conv2d(g, bench.Store(x), bench.Store(weight), default, to[0]),
            isAligned, y);
        Simulation.AssertClose(
            device, $"Conv2dTransposed, {what}", tolerance,
            (bench, to) => bench.Device.Conv2dTransposed(g, bench.Store(y), bench.Store(weight), default, to[0]),
            isAligned, x);
        Simulation.AssertClose(
            device, $"Conv2dWeightGradient, {what}", tolerance,
            (bench, to) => bench.Device.Conv2dWeightGradient(
                g, bench.Store(x), bench.Store(y), to[0], true, null, false),
            isAligned, weight);
    }
}
