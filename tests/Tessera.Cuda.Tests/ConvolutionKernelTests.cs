using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class ConvolutionKernelTests
{
    /// <summary>
    /// Batch, height, width, channels in and out, kernel, stride, padding: more than a tile of pixels, of channels and
    /// of steps; one of everything; odd maps under strides of 2 and 3, a stride beyond the kernel, and a padding
    /// beyond it; a linear map.
    /// </summary>
    public static TheoryData<int[]> Geometries => new((int[][])
    [
        [2, 5, 7, 3, 5, 3, 3, 1, 1], [1, 6, 4, 5, 34, 4, 4, 2, 1], [1, 1, 1, 1, 1, 1, 1, 1, 0],
        [1, 5, 5, 2, 2, 1, 1, 2, 0], [1, 7, 6, 2, 3, 2, 5, 3, 2], [1, 2, 3, 1, 2, 1, 1, 1, 2],
        [1, 40, 1, 20, 33, 1, 1, 1, 0],
    ]);

    [Theory]
    [MemberData(nameof(Geometries))]
    public void Convolutions_agree(int[] sizes)
    {
        Conv2dGeometry g = Geometry(sizes);
        AssertConvolutions(Simulation.Small, g, bias: true, addend: false, accumulate: false, Activation.Relu, false);
        AssertWeightGradient(Simulation.Small, g, accumulate: false, hasBias: true);
    }

    /// <summary>The epilogues of forward and backward passes.</summary>
    [Theory]
    [InlineData(true, true, false, Activation.Relu, false)]
    [InlineData(false, false, true, Activation.Relu, true)]
    [InlineData(false, false, false, Activation.None, false)]
    [InlineData(true, true, false, Activation.Gelu, false)]
    [InlineData(false, false, true, Activation.Gelu, true)]
    public void Epilogues_agree(bool bias, bool addend, bool accumulate, Activation activation, bool gate) =>
        AssertConvolutions(
            Simulation.Small, Geometry([1, 5, 7, 2, 3, 3, 3, 2, 1]), bias, addend, accumulate, activation, gate);

    /// <summary>Two slices of pixels.</summary>
    [Fact]
    public void Weight_gradients_in_slices_agree()
    {
        foreach (bool accumulate in (bool[])[false, true])
            AssertWeightGradient(Simulation.Small, Geometry([1, 13, 13, 2, 3, 3, 3, 1, 1]), accumulate, !accumulate);
    }

    /// <summary>The large tile, which counts on a GPU, with its edges; its bits are the small one's.</summary>
    [Fact]
    public void The_large_tile_agrees()
    {
        Conv2dGeometry g = Geometry([1, 9, 8, 3, 66, 2, 2, 1, 1]);
        AssertConvolutions(Simulation.Large, g, bias: true, addend: false, accumulate: false, Activation.Relu, false);
        AssertWeightGradient(Simulation.Large, g, accumulate: true, hasBias: false);
        float[] x = Numbers.Normal(9 * 8 * 3, 1), weight = Numbers.Normal(66 * 3 * 4, 2);
        float[][] results =
        [
            .. ((CudaDevice[])[Simulation.Small, Simulation.Large]).Select(device => Simulation.Run(
                "Conv2d", device,
                (bench, to) => bench.Device.Conv2d(g, bench.Store(x), bench.Store(weight), default, to[0]),
                new float[10 * 9 * 66])[0]),
        ];
        Assert.True(Numbers.SameBits(results[0], results[1]), "the shapes of tiles differ");
    }

    [Fact]
    public void Bits_of_a_row_do_not_depend_on_the_number_of_rows()
    {
        const int Rows = 37, Inputs = 20, Outputs = 9;
        float[] x = Numbers.Normal(Rows * Inputs, 1), weight = Numbers.Normal(Inputs * Outputs, 2);
        float[] all = Map(Rows);
        foreach (int rows in (int[])[1, 33])
            Assert.True(Numbers.SameBits(all.AsSpan(0, rows * Outputs), Map(rows)), $"{rows} rows differ");

        float[] Map(int rows) => Simulation.Run(
            "Conv2d", Simulation.Small,
            (bench, to) => bench.Device.Conv2d(
                Geometry([1, rows, 1, Inputs, Outputs, 1, 1, 1, 0]), bench.Store(x.AsSpan(0, rows * Inputs)),
                bench.Store(weight), default, to[0]),
            new float[rows * Outputs])[0];
    }

    private static void AssertConvolutions(
        CudaDevice device, Conv2dGeometry g, bool bias, bool addend, bool accumulate, Activation activation, bool gate)
    {
        float[] x = Numbers.Normal(g.Batch * g.InHeight * g.InWidth * g.InChannels, 1);
        float[] y = Numbers.Normal(g.Batch * g.OutHeight * g.OutWidth * g.OutChannels, 2);
        float[] weight = Numbers.Normal(g.OutChannels * g.InChannels * g.KernelHeight * g.KernelWidth, 3);
        string what = $"of {g}, bias {bias}, addend {addend}, accumulate {accumulate}, {activation}, gate {gate}";
        bool hasArgument = activation == Activation.Gelu && !gate;
        Simulation.AssertAgree(
            device, $"Conv2d {what}", Numbers.SumTolerance,
            (bench, to) => bench.Device.Conv2d(
                g, bench.Store(x), bench.Store(weight), Of(bench, to, g.OutChannels, y.Length), to[0]),
            hasArgument ? [y, y] : [y]);
        Simulation.AssertAgree(
            device, $"Conv2dTransposed {what}", Numbers.SumTolerance,
            (bench, to) => bench.Device.Conv2dTransposed(
                g, bench.Store(y), bench.Store(weight), Of(bench, to, g.InChannels, x.Length), to[0]),
            hasArgument ? [x, x] : [x]);

        Epilogue Of(Bench bench, Storage<float>[] to, int channels, int length)
        {
            Storage<float> other = bench.Store(Numbers.Normal(length, 5));
            return new Epilogue(
                bias ? bench.Store(Numbers.Normal(channels, 4)) : null, addend ? other : accumulate ? to[0] : null,
                activation, gate ? other : null, hasArgument ? to[1] : null);
        }
    }

    private static void AssertWeightGradient(CudaDevice device, Conv2dGeometry g, bool accumulate, bool hasBias)
    {
        float[] x = Numbers.Normal(g.Batch * g.InHeight * g.InWidth * g.InChannels, 1);
        float[] y = Numbers.Normal(g.Batch * g.OutHeight * g.OutWidth * g.OutChannels, 2);
        float[] weight = Numbers.Normal(g.OutChannels * g.InChannels * g.KernelHeight * g.KernelWidth, 3);
        Simulation.AssertAgree(
            device, $"Conv2dWeightGradient of {g}, accumulate {accumulate}, bias {hasBias}", Numbers.SumTolerance,
            (bench, to) => bench.Device.Conv2dWeightGradient(
                g, bench.Store(x), bench.Store(y), to[0], accumulate, hasBias ? to[1] : null, !accumulate),
            hasBias ? [weight, Numbers.Normal(g.OutChannels, 4)] : [weight]);
    }

    private static Conv2dGeometry Geometry(int[] s) => new(
        s[0], s[1], s[2], s[3], (s[1] + 2 * s[8] - s[5]) / s[7] + 1, (s[2] + 2 * s[8] - s[6]) / s[7] + 1, s[4], s[5],
        s[6], s[7], s[8]);
}
