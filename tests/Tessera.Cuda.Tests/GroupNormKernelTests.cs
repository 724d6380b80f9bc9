using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

public class GroupNormKernelTests
{
    [Theory]
    [InlineData(1, 1, 3, 1)]
    [InlineData(2, 7, 33, 11)]
    [InlineData(3, 5, 6, 6)]
    [InlineData(2, 300, 40, 5)]
    public void GroupNorm_agrees(int batch, int pixels, int channels, int groups)
    {
        var geometry = new GroupNormGeometry(batch, pixels, channels, groups);
        float[] x = Numbers.Normal(batch * pixels * channels, 1), gain = Numbers.Normal(channels, 2);
        float[] bias = Numbers.Normal(channels, 3), gradY = Numbers.Normal(x.Length, 4);
        x.AsSpan(0, pixels * channels).Fill(12345.678f);
        foreach (bool isConstant in (bool[])[true, false])
        {
            Simulation.AssertAgree(
                $"GroupNorm of {geometry}", Numbers.SumTolerance,
                (bench, to) => bench.Device.GroupNorm(
                    geometry, bench.Store(x), bench.Store(gain), bench.Store(bias), relu: !isConstant, to[0], to[1]),
                new float[x.Length], new float[2 * batch * groups]);
            if (isConstant) Numbers.Normal(pixels * channels, 6).CopyTo(x, 0);
        }
        float[] statistics = Simulation.Run(
            "GroupNorm", Simulation.Reference,
            (bench, to) => bench.Device.GroupNorm(
                geometry, bench.Store(x), bench.Store(gain), bench.Store(bias), relu: false, to[0], to[1]),
            new float[x.Length], new float[2 * batch * groups])[1];
        foreach (bool accumulate in (bool[])[false, true])
        {
            Simulation.AssertAgree(
                $"GroupNormGradient of {geometry}, {accumulate}", Numbers.SumTolerance,
                (bench, to) => bench.Device.GroupNormGradient(
                    geometry, bench.Store(x), bench.Store(gain), bench.Store(statistics), bench.Store(gradY), to[0],
                    accumulate, to[1], accumulate, to[2], !accumulate),
                Numbers.Normal(x.Length, 5), gain, bias);
        }
    }

    [Fact]
    public void NaN_stays_in_its_group_of_its_map()
    {
        var geometry = new GroupNormGeometry(2, 5, 40, 2);
        float[] x = Numbers.Normal(2 * 5 * 40, 1);
        x[^1] = float.NaN;
        float[] ones = [.. Enumerable.Repeat(1f, 40)];
        float[] y = Simulation.Run(
            "GroupNorm", Simulation.Small,
            (bench, to) => bench.Device.GroupNorm(
                geometry, bench.Store(x), bench.Store(ones), bench.Store(ones), relu: true, to[0], to[1]),
            new float[x.Length], new float[8])[0];
        for (int i = 0; i < x.Length; i++) Assert.Equal(i >= 200 && i % 40 >= 20, float.IsNaN(y[i]));
    }
}
