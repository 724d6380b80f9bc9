using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Cuda.Tests;

/// <summary>Products of real sizes on a GPU beside the processor; skipped where there is no GPU.</summary>
public class GpuTests
{
    private const string NoGpu = "this machine has no GPU";

    private static readonly (ProductKind, double)[] Tolerances =
    [
        (ProductKind.Fma, 1e-5), (ProductKind.ThreeTf32, 1e-5), (ProductKind.Tf32, 1e-3), (ProductKind.Bfloat16, 5e-3),
    ];

    /// <summary>
    /// Batch, side, channels in and out, kernel, stride, padding: the layers of a VQ-VAE, and linear maps.
    /// </summary>
    public static TheoryData<int[]> Geometries => new((int[][])
    [
        [32, 32, 3, 64, 4, 2, 1], [32, 16, 64, 128, 4, 2, 1], [32, 8, 128, 128, 3, 1, 1], [32, 8, 128, 32, 3, 1, 1],
        [32, 8, 32, 128, 1, 1, 0], [32, 8, 128, 64, 1, 1, 0], [32, 16, 64, 3, 4, 2, 1], [7, 9, 36, 20, 3, 1, 1],
        [64, 8, 192, 768, 1, 1, 0], [64, 8, 192, 522, 1, 1, 0],
    ]);

    [Theory]
    [MemberData(nameof(Geometries))]
    public void Convolutions_and_their_gradients_agree(int[] s)
    {
        Assert.SkipUnless(Simulation.HasGpu, NoGpu);
        int outSide = (s[1] + 2 * s[6] - s[4]) / s[5] + 1;
        var g = new Conv2dGeometry(s[0], s[1], s[1], s[2], outSide, outSide, s[3], s[4], s[4], s[5], s[6]);
        float[] x = Numbers.Normal(s[0] * s[1] * s[1] * s[2], 1);
        float[] y = Numbers.Normal(s[0] * outSide * outSide * s[3], 2);
        float[] weight = Numbers.Normal(s[2] * s[3] * s[4] * s[4], 3);
        using var processor = new CpuDevice();
        float[][] expected = Products(processor, g, x, y, weight);
        foreach ((ProductKind kind, double tolerance) in Tolerances)
        {
            using var gpu = new CudaDevice { Products = kind };
            float[][] actual = Products(gpu, g, x, y, weight), again = Products(gpu, g, x, y, weight);
            for (int i = 0; i < expected.Length; i++)
            {
                string what = $"{kind}, {g}, result {i}";
                double error = Numbers.RelativeError(expected[i], actual[i]);
                Assert.True(error <= tolerance, $"{what}: off by {error:E1}, allowed is {tolerance:E1}");
                Assert.True(Numbers.SameBits(actual[i], again[i]), $"{what}: other bits in a second run");
            }
        }
    }

    [Fact]
    public void The_nearest_rows_are_those_of_the_processor()
    {
        Assert.SkipUnless(Simulation.HasGpu, NoGpu);
        const int Rows = 16_384, TableRows = 512, Columns = 64;
        float[] x = Numbers.Normal(Rows * Columns, 1), table = Numbers.Normal(TableRows * Columns, 2);
        using var processor = new CpuDevice();
        int[] expected = Nearest(processor);
        foreach (ProductKind kind in Enum.GetValues<ProductKind>())
        {
            using var gpu = new CudaDevice { Products = kind };
            Assert.Equal(expected, Nearest(gpu));
        }

        int[] Nearest(Device device)
        {
            using var bench = new Bench(device, isAligned: true);
            Guarded<int> nearest = bench.Guard<int>(new int[Rows]);
            device.NearestRows(bench.Store(x), bench.Store(table), TableRows, Columns, nearest.Storage);
            return nearest.Values;
        }
    }

    /// <summary>The third run and those after it are replayed.</summary>
    [Fact]
    public void Recorded_work_has_the_bits_of_plain_launches()
    {
        Assert.SkipUnless(Simulation.HasGpu, NoGpu);
        Assert.True(Numbers.SameBits(Run(records: false), Run(records: true)));

        static float[] Run(bool records)
        {
            using var gpu = new CudaDevice { Records = records };
            using Storage<float> x = gpu.Share<float>(Numbers.Normal(1000, 1)), y = gpu.Allocate<float>(1000);
            gpu.Fill(y, 0);
            Action work = () =>
            {
                gpu.Scale(x, 0.5f, y, accumulate: true);
                gpu.Gelu(y, x);
            };
            for (int run = 0; run < 5; run++) gpu.Submit(work);
            float[] values = new float[1000];
            gpu.Download(y, values);
            return values;
        }
    }

    private static float[][] Products(Device device, Conv2dGeometry g, float[] x, float[] y, float[] weight)
    {
        using var bench = new Bench(device, isAligned: true);
        Guarded<float> forward = bench.Guard<float>(y), backward = bench.Guard<float>(x);
        Guarded<float> gradient = bench.Guard<float>(weight);
        device.Conv2d(g, bench.Store(x), bench.Store(weight), default, forward.Storage);
        device.Conv2dTransposed(g, bench.Store(y), bench.Store(weight), default, backward.Storage);
        device.Conv2dWeightGradient(g, bench.Store(x), bench.Store(y), gradient.Storage, false, null, false);
        return [forward.Values, backward.Values, gradient.Values];
    }
}
