using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Ops;

namespace Tessera.Tensors.Tests.Devices;

public class UpdateBlockTests
{
    [Fact]
    public void A_constant_is_a_number_without_a_block()
    {
        Number half = 0.5f;
        Assert.Equal((0.5f, null), (half.Constant, half.Block));
        Assert.Equal(0f, default(Number).Constant);
        Assert.Equal(half, (Number)0.5f);
        Assert.NotEqual(half, (Number)0.25f);
    }

    [Fact]
    public void Numbers_of_a_block_have_places_of_their_own()
    {
        using var block = new UpdateBlock(Kernels.Reference);
        Number one = block.ReserveNumber();
        block.ReserveIntegers(3);
        Number two = block.ReserveNumber();
        Assert.Same(block, one.Block);
        Assert.Equal((0, 4), (one.Place, two.Place));
        Assert.NotEqual(one, two);
    }

    [Fact]
    public void Everything_reserved_is_uploaded_in_one_piece()
    {
        using var device = new CountingDevice();
        using var block = new UpdateBlock(device);
        Number number = block.ReserveNumber();
        BlockIntegers integers = block.ReserveIntegers(3);
        Number other = block.ReserveNumber();
        block.Set(number, 1.5f);
        block.Set(other, -2);
        ((int[])[7, -8, int.MaxValue]).CopyTo(integers.Values);
        Assert.Equal((1, 0), (device.Allocations, device.Uploads));

        block.Upload();
        Assert.Equal((1, 1, 5L * 4), (device.Allocations, device.Uploads, device.UploadedBytes));
        int[] there = new int[5];
        device.Download(block.Storage.Slice(0, 5), there);
        Assert.Equal(
            [BitConverter.SingleToInt32Bits(1.5f), 7, -8, int.MaxValue, BitConverter.SingleToInt32Bits(-2)], there);
    }

    [Fact]
    public void What_is_set_reaches_the_device_with_the_next_upload()
    {
        foreach (CpuDevice device in Kernels.All)
        {
            using var block = new UpdateBlock(device);
            Number factor = block.ReserveNumber();
            Assert.Equal(6, Scaled(2));
            block.Set(factor, 5);
            Assert.Equal(6, Scaled(null));
            block.Upload();
            Assert.Equal(15, Scaled(null));

            float Scaled(float? value)
            {
                if (value is { } set)
                {
                    block.Set(factor, set);
                    block.Upload();
                }
                var y = new GuardedMemory<float>([0]);
                device.Scale(Kernels.Store([3f]), factor, y.Storage, accumulate: false);
                return y.Values[0];
            }
        }
    }

    /// <summary>A number has the same bits in a block as in the call.</summary>
    [Fact]
    public void Primitives_read_the_numbers_in_the_block()
    {
        const int Length = 41;
        Storage<float> x = Kernels.Store(Numbers.Normal(Length, 1));
        foreach (CpuDevice device in Kernels.All)
        {
            using var block = new UpdateBlock(device);
            float[] values = [0.9f, 0.1f, -0.003f, 0.7f];
            Number[] numbers = [.. values.Select(_ => block.ReserveNumber())];
            foreach ((Number number, float value) in numbers.Zip(values)) block.Set(number, value);
            block.Upload();

            float[][] expected = Run([.. values.Select(value => (Number)value)]), actual = Run(numbers);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Numbers.SameBits(expected[i], actual[i]), $"{device.Description}: result {i} differs");

            float[][] Run(Number[] n)
            {
                GuardedMemory<float>[] to = [.. Enumerable.Range(2, 5).Select(
                    stream => new GuardedMemory<float>([.. Numbers.Normal(Length, (ulong)stream).Select(Math.Abs)]))];
                device.MoveAverage(to[0].Storage, x, n[0], n[1]);
                device.Scale(x, n[2], to[1].Storage, accumulate: true);
                device.Adam(
                    new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, n[2], n[3], n[0]),
                    to[2].Storage, x, to[3].Storage, to[4].Storage);
                return [.. to.Select(memory => memory.Values.ToArray())];
            }
        }
    }

    [Fact]
    public void Integers_of_a_block_are_indices()
    {
        using Tensor table = Tensor.From([1f, 2, 3, 4, 5, 6], [3, 2]);
        using var block = new UpdateBlock(table.Device);
        block.ReserveNumber();
        BlockIntegers integers = block.ReserveIntegers(2);
        using (Indices rows = integers.AsIndices(limit: 3))
        {
            Assert.Equal((new Shape(2), 3), (rows.Shape, rows.Limit));
            Assert.Equal([5f, 6, 1, 2], Gather(2, 0));
            Assert.Equal([3f, 4, 3, 4], Gather(1, 1));

            float[] Gather(int first, int second)
            {
                (integers.Values[0], integers.Values[1]) = (first, second);
                block.Upload();
                return table.GatherRows(rows).ToArray();
            }
        }
        // The indices were a view: the block's memory is still there.
        using Indices again = integers.AsIndices(limit: 3);
        Assert.Equal([1, 1], again.ToArray());
    }

    [Fact]
    public void A_number_of_another_block_and_a_constant_cannot_be_set()
    {
        using UpdateBlock block = new(Kernels.Reference), other = new(Kernels.Reference);
        Number foreign = other.ReserveNumber();
        block.ReserveNumber();
        var error = Assert.Throws<ArgumentException>(() => block.Set(foreign, 1));
        Assert.Contains("not in this block", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => block.Set(1f, 1));
        Assert.Throws<ArgumentException>(() => block.Set(default, 1));
    }

    [Fact]
    public void A_block_holds_what_its_capacity_says()
    {
        using var block = new UpdateBlock(Kernels.Reference, capacity: 4);
        block.ReserveNumber();
        var error = Assert.Throws<InvalidOperationException>(() => block.ReserveIntegers(4));
        Assert.Contains("holds 4 numbers; 1 are reserved, and 4 more", error.Message, StringComparison.Ordinal);
        // What did not fit was not reserved.
        block.ReserveIntegers(3);
        Assert.Throws<InvalidOperationException>(() => block.ReserveNumber());
        block.Upload();
        Assert.Throws<ArgumentOutOfRangeException>(() => block.ReserveIntegers(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UpdateBlock(Kernels.Reference, capacity: 0));
    }

    [Fact]
    public void A_disposed_block_cannot_be_used()
    {
        var block = new UpdateBlock(Kernels.Reference);
        Number number = block.ReserveNumber();
        BlockIntegers integers = block.ReserveIntegers(1);
        block.Dispose();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(block.Upload);
        Assert.Throws<ObjectDisposedException>(
            () => Kernels.Reference.Scale(Kernels.Store([1f]), number, Kernels.Store([1f]), accumulate: false));
        Assert.Throws<ObjectDisposedException>(() => integers.AsIndices(limit: 1).ToArray());
    }
}
