using Tessera.Features;
using Tessera.Tensors;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;

namespace Tessera.Tests.Features;

public class DegradationTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    public void A_third_is_sharp_a_third_blurred_a_third_grainy(int batch)
    {
        const int Size = 5 * 4 * 3;
        float[] pixels = [.. Enumerable.Range(1, batch * Size).Select(i => i % 97 / 97f + 0.01f)];
        using Tensor images = Tensor.From(pixels, [batch, 5, 4, 3]);
        using Indices update = Indices.From([5], [1], 9);
        float[] blurred = images.AveragePool(kernel: 3, stride: 1, padding: 1).ToArray();
        float[] degraded = Degradation.Of(
            images, new DropoutMask(Degradation.Grain, Seed: 3, Stream: 1, update.Storage)).ToArray();
        int halved = 0, grainy = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            switch (Degradation.KindOf(i / Size, batch))
            {
                case 0:
                    Assert.Equal(pixels[i], degraded[i]);
                    break;
                case 1:
                    Assert.Equal(blurred[i], degraded[i]);
                    break;
                default:
                    grainy++;
                    bool isHalf = MathF.Abs(degraded[i] - pixels[i] / 2) < 1e-6f;
                    if (isHalf) halved++;
                    else Assert.Equal(pixels[i] * 1.125f, degraded[i], 1e-5f);
                    break;
            }
        }
        Assert.InRange(grainy, batch / 3 * Size, (batch + 2) / 3 * Size);
        Assert.InRange(halved, 0.1 * grainy, 0.3 * grainy);
    }
}
