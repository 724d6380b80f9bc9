using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Devices.Cpu.Simd;

namespace Tessera.Tensors.Tests.Devices;

public class ConvolutionKernelTests
{
    private static readonly (int Height, int Width)[] Maps = [(1, 1), (5, 7), (8, 8), (9, 9), (32, 3), (13, 1)];
    private static readonly int[] Channels = [1, 3, 5, 7, 13, 16, 33, 64, 100];
    private static readonly int[] Batches = [1, 2, 5];

    /// <summary>
    /// Each kernel on each map that it fits, with changing channels and batch sizes. Arguments: height, width, stride,
    /// padding. Some leave rows over, or have a stride or padding larger than the kernel.
    /// </summary>
    [Theory]
    [InlineData(1, 1, 1, 0)]
    [InlineData(3, 3, 1, 1)]
    [InlineData(4, 4, 2, 1)]
    [InlineData(3, 3, 2, 1)]
    [InlineData(2, 2, 2, 0)]
    [InlineData(5, 5, 1, 2)]
    [InlineData(3, 3, 3, 0)]
    [InlineData(1, 1, 2, 0)]
    [InlineData(3, 1, 1, 0)]
    [InlineData(1, 3, 2, 1)]
    [InlineData(2, 5, 3, 2)]
    [InlineData(1, 1, 1, 2)]
    [InlineData(1, 1, 5, 2)]
    [InlineData(3, 3, 1, 0)]
    public void Fast_kernels_agree_with_the_reference(int kernelHeight, int kernelWidth, int stride, int padding)
    {
        int turn = 3 * kernelHeight + 5 * kernelWidth + 7 * stride + padding;
        foreach ((int height, int width) in Maps)
        {
            turn++;
            if (height + 2 * padding < kernelHeight || width + 2 * padding < kernelWidth) continue;
            AssertAgree(Geometry(
                Batches[turn % 3], height, width, Channels[turn % 9], Channels[turn * 7 / 3 % 9],
                kernelHeight, kernelWidth, stride, padding));
        }
    }

    /// <summary>More than one panel of channels on both sides, and partly filled tiles of every width.</summary>
    [Fact]
    public void Every_pair_of_channel_counts_agrees()
    {
        foreach (int inChannels in Channels)
        {
            foreach (int outChannels in Channels)
                AssertAgree(Geometry(1, 3, 5, inChannels, outChannels, 2, 2, 1, 1));
        }
    }

    /// <summary>
    /// Enough pixels for several bands in each slice of the weight gradient, and for two and four slices with minimal
    /// filtering; rows wider than a band.
    /// </summary>
    [Theory]
    [InlineData(3, 40, 40, 3, 5)]
    [InlineData(1, 3, 401, 2, 3)]
    [InlineData(70, 5, 5, 3, 4)]
    [InlineData(2, 90, 61, 5, 3)]
    [InlineData(220, 5, 5, 3, 4)]
    [InlineData(1, 130, 131, 3, 4)]
    public void Large_maps_agree(int batch, int height, int width, int inChannels, int outChannels)
    {
        AssertAgree(Geometry(batch, height, width, inChannels, outChannels, 3, 3, 1, 1));
        AssertAgree(Geometry(batch, height, width, inChannels, outChannels, 2, 2, 2, 0));
        AssertAgree(Geometry(batch, height, width, inChannels, outChannels, 2, 2, 1, 1));
        AssertAgree(Geometry(batch, height, width, inChannels, outChannels, 4, 4, 2, 1));
    }

    /// <summary>
    /// Results that bypass the caches, of a convolution and of its transpose; with vectors of 512 bits the second panel
    /// is half filled.
    /// </summary>
    [Theory]
    [InlineData(1, 48)]
    [InlineData(48, 1)]
    public unsafe void Results_that_are_streamed_agree(int inChannels, int outChannels)
    {
        var memory = new GuardedMemory<float>(new float[160 * 161 * 48]);
        fixed (float* destination = memory.Values)
        {
            Assert.True(EpilogueKernel<Simd256, Vector256<float>>.Streams(destination, memory.Values.Length, 48, null));
            Assert.True(EpilogueKernel<Simd512, Vector512<float>>.Streams(destination, memory.Values.Length, 48, null));
        }
        AssertConvolutionsAgree(Geometry(1, 160, 161, inChannels, outChannels, 3, 3, 1, 1));
        AssertConvolutionsAgree(Geometry(1, 160, 161, inChannels, outChannels, 1, 1, 1, 0));
    }

    /// <summary>
    /// Several slices of the weight gradient, with several panels, blocks of channels and source maps; and sums too
    /// long to be exact enough in one slice.
    /// </summary>
    [Fact]
    public void Weight_gradients_in_slices_agree()
    {
        AssertWeightGradientsAgree(Geometry(1, 256, 257, 1, 16, 3, 3, 1, 1));
        AssertWeightGradientsAgree(Geometry(1, 130, 262, 20, 40, 4, 4, 2, 1));
        AssertWeightGradientsAgree(Geometry(70, 8, 32, 40, 72, 3, 3, 1, 1));
    }

    /// <summary>
    /// So many weights that more tiles share each fetch of them: several chunks for each thread, one of all its tiles,
    /// and stages that threads divide. An image has the bits that it has alone.
    /// </summary>
    [Fact]
    public void Many_weights_agree()
    {
        const int In = 240, Out = 248;
        AssertAgree(Geometry(2, 4, 5, In, Out, 3, 3, 1, 1));
        float[] image = Numbers.Normal(8 * 8 * In, 1);
        Storage<float> weight = Kernels.Store(Numbers.Normal(In * Out * 9, 2));
        foreach ((int threads, int images) in ((int, int)[])[(1, 60), (2, 60), (2, 13), (3, 33)])
        {
            using var device = new CpuDevice(threads, null);
            float[] alone = Convolve(device, 1);
            Assert.All(
                Convolve(device, images).Chunk(alone.Length),
                (result, i) => Assert.True(Numbers.SameBits(alone, result), $"image {i} differs on {threads} threads"));
        }

        float[] Convolve(CpuDevice device, int images)
        {
            float[] x = [.. Enumerable.Repeat(image, images).SelectMany(values => values)];
            GuardedMemory<float> y = new(new float[images * 8 * 8 * Out]);
            device.Conv2d(
                Geometry(images, 8, 8, In, Out, 3, 3, 1, 1), Kernels.Store(x), weight, default, y.Storage);
            return [.. y.Values];
        }
    }

    /// <summary>
    /// Linear maps: few rows, whose panels of outputs the threads divide; many inputs; several bands of rows.
    /// </summary>
    [Theory]
    [InlineData(1, 7, 5)]
    [InlineData(13, 40, 100)]
    [InlineData(128, 66, 70)]
    [InlineData(60, 800, 20)]
    [InlineData(500, 33, 50)]
    public void Linear_maps_agree(int rows, int inputs, int outputs) =>
        AssertAgree(Geometry(1, rows, 1, inputs, outputs, 1, 1, 1, 0));

    [Theory]
    [InlineData(40, 100)]
    [InlineData(800, 20)]
    public void Bits_of_a_row_do_not_depend_on_the_number_of_rows(int inputs, int outputs)
    {
        const int Rows = 400;
        float[] x = Numbers.Normal(Rows * inputs, 1), y = Numbers.Normal(Rows * outputs, 2);
        Storage<float> weight = Kernels.Store(Numbers.Normal(inputs * outputs, 3));
        foreach (Device device in Kernels.All)
        {
            (float[] allY, float[] allX) = Map(Rows);
            foreach (int rows in (int[])[1, 7, 128])
            {
                (float[] someY, float[] someX) = Map(rows);
                Assert.True(
                    Numbers.SameBits(allY.AsSpan(0, someY.Length), someY)
                    && Numbers.SameBits(allX.AsSpan(0, someX.Length), someX),
                    $"{device.Description}: {rows} rows of {inputs} to {outputs} differ from the same of {Rows}");
            }

            (float[] Y, float[] X) Map(int rows)
            {
                Conv2dGeometry g = Geometry(1, rows, 1, inputs, outputs, 1, 1, 1, 0);
                GuardedMemory<float> toY = new(new float[rows * outputs]), toX = new(new float[rows * inputs]);
                device.Conv2d(g, Kernels.Store(x.AsSpan(0, rows * inputs)), weight, default, toY.Storage);
                device.Conv2dTransposed(g, Kernels.Store(y.AsSpan(0, rows * outputs)), weight, default, toX.Storage);
                return ([.. toY.Values], [.. toX.Values]);
            }
        }
    }

    private static Conv2dGeometry Geometry(
        int batch, int height, int width, int inChannels, int outChannels,
        int kernelHeight, int kernelWidth, int stride, int padding) => new(
        batch, height, width, inChannels,
        (height + 2 * padding - kernelHeight) / stride + 1, (width + 2 * padding - kernelWidth) / stride + 1,
        outChannels,
        kernelHeight, kernelWidth, stride, padding);

    private static void AssertAgree(Conv2dGeometry g)
    {
        AssertConvolutionsAgree(g);
        AssertWeightGradientsAgree(g);
    }

    private static void AssertConvolutionsAgree(Conv2dGeometry g)
    {
        (float[] x, float[] y) = MapsOf(g);
        Storage<float> sX = Kernels.Store(x), sY = Kernels.Store(y);
        Storage<float> weight = Kernels.Store(Weights(g));
        Storage<float> outBias = Kernels.Store(Numbers.Normal(g.OutChannels, 4));
        Storage<float> inBias = Kernels.Store(Numbers.Normal(g.InChannels, 5));
        Storage<float> outGate = Kernels.Store(Numbers.Normal(y.Length, 6));
        Storage<float> inGate = Kernels.Store(Numbers.Normal(x.Length, 7));
        // The epilogues of forward and backward passes.
        foreach ((bool bias, bool addend, bool accumulate, Activation activation, bool gate) in
            ((bool, bool, bool, Activation, bool)[])
            [
                (true, false, false, Activation.Relu, false), (true, true, false, Activation.Relu, false),
                (false, false, true, Activation.Relu, true), (false, false, false, Activation.None, false),
                (true, true, false, Activation.Gelu, false), (false, false, true, Activation.Gelu, true),
            ])
        {
            string epilogue = $"bias {bias}, addend {addend}, accumulate {accumulate}, {activation}, gate {gate}";
            bool hasArgument = activation == Activation.Gelu && !gate;
            Epilogue Of(Storage<float> biases, Storage<float> other, IReadOnlyList<Storage<float>> to) => new(
                bias ? biases : null, addend ? other : accumulate ? to[0] : null, activation, gate ? other : null,
                hasArgument ? to[1] : null);
            float[][] Results(float[] result) => hasArgument ? [result, result] : [result];
            Kernels.AssertAgree(
                Kernels.FastConvolutions, $"Conv2d of {g}, {epilogue}", Numbers.SumTolerance,
                (device, to) => device.Conv2d(g, sX, weight, Of(outBias, outGate, to), to[0]), Results(y));
            Kernels.AssertAgree(
                Kernels.FastConvolutions, $"Conv2dTransposed of {g}, {epilogue}", Numbers.SumTolerance,
                (device, to) => device.Conv2dTransposed(g, sY, weight, Of(inBias, inGate, to), to[0]), Results(x));
        }
    }

    private static void AssertWeightGradientsAgree(Conv2dGeometry g)
    {
        (float[] x, float[] y) = MapsOf(g);
        Storage<float> sX = Kernels.Store(x), sY = Kernels.Store(y);
        float[] weight = Weights(g);
        float[] outBiasValues = Numbers.Normal(g.OutChannels, 8);
        foreach (bool accumulate in (bool[])[false, true])
        {
            Kernels.AssertAgree(
                Kernels.FastConvolutions, $"Conv2dWeightGradient of {g}, accumulate {accumulate}", Numbers.SumTolerance,
                (device, to) => device.Conv2dWeightGradient(
                    g, sX, sY, to[0], accumulate, gradBias: null, accumulateBias: false),
                weight);
            Kernels.AssertAgree(
                Kernels.FastConvolutions, $"Conv2dWeightGradient of {g}, accumulate bias {accumulate}",
                Numbers.SumTolerance,
                (device, to) => device.Conv2dWeightGradient(g, sX, sY, to[0], !accumulate, to[1], accumulate),
                weight, outBiasValues);
        }
    }

    private static (float[] X, float[] Y) MapsOf(Conv2dGeometry g) =>
    (
        Numbers.Normal(g.Batch * g.InHeight * g.InWidth * g.InChannels, 1),
        Numbers.Normal(g.Batch * g.OutHeight * g.OutWidth * g.OutChannels, 2)
    );

    private static float[] Weights(Conv2dGeometry g) =>
        Numbers.Normal(g.OutChannels * g.InChannels * g.KernelHeight * g.KernelWidth, 3);
}
