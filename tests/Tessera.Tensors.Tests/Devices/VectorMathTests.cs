using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices.Cpu.Simd;

namespace Tessera.Tensors.Tests.Devices;

public class VectorMathTests
{
    private const double LargestError = 2;

    [Fact]
    public void Exp_is_within_2_units_in_the_last_place()
    {
        float[] x =
        [
            .. Enumerable.Range(0, 200_000).Select(i => (float)(-87 + i * (88.7228 + 87) / 200_000)),
            .. Numbers.Normal(50_000, 1), .. Numbers.Normal(10_000, 2).Select(value => value * 1e-5f),
            -87, 88.7228f, 0, -0f, float.Epsilon, -1e-30f, MathF.Log(2) / 2, -MathF.Log(2) / 2,
        ];
        foreach ((string name, float[] y) in Exp(x))
        {
            for (int i = 0; i < x.Length; i++)
            {
                double expected = Math.Exp(x[i]);
                double unit = Math.ScaleB(1, Math.ILogB(expected) - 23);
                double error = Math.Abs(y[i] - expected) / unit;
                Assert.True(error <= LargestError, $"{name}: exp({x[i]:R}) is {y[i]:R}, off by {error:F2} units");
            }
        }
    }

    [Fact]
    public void Exp_of_special_values()
    {
        (float X, float Y)[] cases =
        [
            (float.NegativeInfinity, 0), (float.MinValue, 0), (-1e9f, 0), (-88, 0), (89, float.PositiveInfinity),
            (1e9f, float.PositiveInfinity), (float.MaxValue, float.PositiveInfinity),
            (float.PositiveInfinity, float.PositiveInfinity), (float.NaN, float.NaN), (0, 1), (-0f, 1),
        ];
        foreach ((string name, float[] y) in Exp([.. cases.Select(value => value.X)]))
        {
            for (int i = 0; i < cases.Length; i++)
                Assert.True(cases[i].Y.Equals(y[i]), $"{name}: exp({cases[i].X}) is {y[i]}");
        }
    }

    private static IEnumerable<(string Width, float[] Y)> Exp(float[] x) =>
    [
        ("vector128", Exp<Simd128, Vector128<float>>(x)),
        ("vector256", Exp<Simd256, Vector256<float>>(x)),
        ("vector512", Exp<Simd512, Vector512<float>>(x)),
    ];

    private static unsafe float[] Exp<TSimd, TVector>(float[] x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        float[] y = new float[x.Length + TSimd.Width];
        x.CopyTo(y, 0);
        fixed (float* p = y)
        {
            for (int i = 0; i < x.Length; i += TSimd.Width)
                TSimd.Store(VectorMath<TSimd, TVector>.Exp(TSimd.Load(p + i)), p + i);
        }
        return y[..x.Length];
    }
}
