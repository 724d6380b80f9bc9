using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

public class GatherImagesTests
{
    private const int Stored = 9;

    /// <summary>Images of one pixel, of odd sizes, and of more bytes than a chunk of the kernel.</summary>
    public static TheoryData<int, int> Sizes =>
        new() { { 1, 1 }, { 1, 2 }, { 3, 1 }, { 5, 7 }, { 4, 8 }, { 32, 32 }, { 3, 1400 }, { 65, 64 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Images_agree_and_are_the_bytes_over_255_minus_a_half(int height, int width)
    {
        foreach (int channels in (int[])[1, 3])
        {
            var layout = new ImageLayout(height, width, channels);
            byte[] images = Images(layout);
            // In and out of order, twice, plain and mirrored; the first and the last.
            int[] numbers = [3, 3, Stored + 3, 0, Stored, 2 * Stored - 1, Stored - 1, 5, Stored + 2];
            float[] expected = Expected(images, layout, numbers);
            Storage<byte> stored = Kernels.Store(images);
            Storage<int> chosen = Kernels.Store(numbers);
            foreach (Device device in Kernels.All)
            {
                var y = new GuardedMemory<float>(new float[expected.Length]);
                device.GatherImages(stored, layout, chosen, y.Storage);
                Assert.True(y.IsIntact, $"{device.Description} wrote outside the batch");
                Assert.True(
                    Numbers.SameBits(expected, y.Values), $"{device.Description}: images of {layout} differ");
            }
        }
    }

    [Fact]
    public void Every_byte_is_rounded_as_the_division_rounds_it()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        foreach (Device device in Kernels.All)
        {
            var y = new GuardedMemory<float>(new float[256]);
            device.GatherImages(Kernels.Store(bytes), new ImageLayout(1, 256, 1), Kernels.Store([0]), y.Storage);
            for (int value = 0; value < 256; value++) Assert.Equal(value / 255f - 0.5f, y.Values[value]);
            Assert.Equal((-0.5f, 0.5f), (y.Values[0], y.Values[255]));
        }
    }

    [Fact]
    public void The_operation_puts_a_batch_on_the_tape()
    {
        var layout = new ImageLayout(2, 3, 3);
        byte[] images = Images(layout);
        foreach (Device device in Kernels.All)
        {
            using Storage<byte> stored = device.Share<byte>(images);
            using var block = new UpdateBlock(device);
            BlockIntegers numbers = block.ReserveIntegers(2);
            numbers.Values[0] = Stored + 4;
            numbers.Values[1] = 1;
            block.Upload();
            using var tape = new Tape(device);
            Tensor batch = tape.GatherImages(stored, layout, numbers.AsIndices(2 * Stored));
            Assert.Equal(new Shape(2, 2, 3, 3), batch.Shape);
            Assert.Same(tape, batch.Tape);
            Assert.Equal(Expected(images, layout, [Stored + 4, 1]), batch.ToArray());
        }
    }

    [Fact]
    public void Numbers_that_may_be_no_image_are_refused()
    {
        var layout = new ImageLayout(2, 3, 3);
        using Storage<byte> stored = Device.Default.Share<byte>(Images(layout));
        using Indices numbers = Indices.From([0], [1], limit: 2 * Stored + 1);
        using var tape = new Tape();
        var e = Assert.Throws<ArgumentException>(() => tape.GatherImages(stored, layout, numbers));
        Assert.Contains($"up to {2 * Stored} do not fit {Stored} images", e.Message, StringComparison.Ordinal);
        using var other = new CpuDevice(1);
        using var elsewhere = new Tape(other);
        using Indices first = Indices.From([0], [1], limit: Stored);
        Assert.Throws<ArgumentException>(() => elsewhere.GatherImages(stored, layout, first));
    }

    [Fact]
    public void A_layout_counts_its_bytes()
    {
        Assert.Equal(2 * 5 * 3, new ImageLayout(2, 5, 3).Length);
        Assert.Throws<OverflowException>(() => new ImageLayout(1 << 15, 1 << 15, 3).Length);
    }

    private static byte[] Images(ImageLayout layout) =>
        [.. Numbers.Indices(Stored * layout.Length, 256, 5).Select(value => (byte)value)];

    private static float[] Expected(byte[] images, ImageLayout layout, int[] numbers)
    {
        var y = new List<float>();
        foreach (int number in numbers)
        {
            (int isMirrored, int image) = Math.DivRem(number, Stored);
            int first = image * layout.Length;
            for (int row = 0; row < layout.Height; row++)
            {
                for (int column = 0; column < layout.Width; column++)
                {
                    int from = isMirrored == 1 ? layout.Width - 1 - column : column;
                    for (int channel = 0; channel < layout.Channels; channel++)
                        y.Add(images[first + (row * layout.Width + from) * layout.Channels + channel] / 255f - 0.5f);
                }
            }
        }
        return [.. y];
    }
}
