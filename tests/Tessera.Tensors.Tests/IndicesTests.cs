using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Ops;
using Tessera.Tensors.Tests.Devices;

namespace Tessera.Tensors.Tests;

public class IndicesTests
{
    [Fact]
    public void Other_values_are_copied_in_if_they_fit()
    {
        using Indices indices = Indices.From([0, 1, 2], [3], limit: 4);
        indices.CopyFrom([3, 2, 3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => indices.CopyFrom([0, 4, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => indices.CopyFrom([0, -1, 0]));
        Assert.Throws<ArgumentException>(() => indices.CopyFrom([0, 1]));
        Assert.Equal([3, 2, 3], indices.ToArray());
    }

    [Fact]
    public void From_copies()
    {
        int[] values = [3, 0, 1, 3, 2, 0];
        using Indices indices = Indices.From(values, [2, 3], limit: 4);
        values[0] = 100;
        Assert.Equal([3, 0, 1, 3, 2, 0], indices.ToArray());
        Assert.Equal((new Shape(2, 3), 4, null), (indices.Shape, indices.Limit, indices.Tape));
        Assert.Same(Device.Default, indices.Device);
    }

    [Fact]
    public void They_live_on_the_device_and_the_tape_that_they_were_made_for()
    {
        using Indices free = Indices.From([0], [], limit: 1, Kernels.Reference);
        Assert.Same(Kernels.Reference, free.Device);
        using var tape = new Tape(Kernels.Reference);
        Indices onTape = tape.Indices([1, 0], [2], limit: 2);
        Assert.Equal([1, 0], onTape.ToArray());
        Assert.Same(tape, onTape.Tape);
        Assert.Same(Kernels.Reference, onTape.Device);
    }

    [Fact]
    public void Values_are_in_range_and_fill_the_shape()
    {
        using var tape = new Tape();
        foreach (Func<int[], Shape, int, Indices> make in (Func<int[], Shape, int, Indices>[])
            [
                (values, shape, limit) => Indices.From(values, shape, limit),
                (values, shape, limit) => tape.Indices(values, shape, limit),
            ])
        {
            AssertSays<ArgumentOutOfRangeException>(() => make([0, 4], [2], 4), "0 to 3", "4");
            AssertSays<ArgumentOutOfRangeException>(() => make([-1, 0], [2], 4), "0 to 3", "-1");
            AssertSays<ArgumentOutOfRangeException>(() => make([int.MinValue], [1], int.MaxValue), "0 to 2147483646");
            AssertSays<ArgumentOutOfRangeException>(() => make([0], [1], 0), "0");
            AssertSays<ArgumentException>(() => make([0], [2, 3], 4), "1 values", "[2, 3]", "6 elements");
        }
        AssertSays<ArgumentException>(
            () => tape.Indices([0, 1], [2], 2).CopyTo(new int[3]), "3 values", "[2]", "2 elements");
    }

    [Fact]
    public void ToString_says_shape_limit_and_device()
    {
        using Indices indices = Indices.From([0, 1], [1, 2], limit: 512, Kernels.Reference);
        Assert.Equal("Indices [1, 2] below 512 on cpu, 1 thread, reference kernels", indices.ToString());
    }

    [Fact]
    public void Disposed_indices_cannot_be_used()
    {
        using Tensor table = Tensor.Zeros([2, 3]);
        Indices indices = Indices.From([0, 1], [2], limit: 2);
        indices.Dispose();
        indices.Dispose();
        AssertSays<ObjectDisposedException>(() => indices.ToArray(), "given up");
        Assert.Throws<ObjectDisposedException>(() => table.GatherRows(indices));
    }

    [Fact]
    public void Indices_of_a_tape_end_with_its_reset_and_not_before()
    {
        var tape = new Tape();
        Tensor x = tape.Input([1, 5], [2, 1]);
        Indices input = tape.Indices([1, 0], [2], limit: 2);
        Indices nearest = x.NearestRows(Tensor.From([0, 4, 9], [3, 1]));
        Assert.Same(tape, nearest.Tape);
        Assert.Equal((new Shape(2), 3), (nearest.Shape, nearest.Limit));
        input.Dispose();
        nearest.Dispose();
        Assert.Equal([1, 0], input.ToArray());
        Assert.Equal([0, 1], nearest.ToArray());
        tape.Reset();
        AssertSays<ObjectDisposedException>(() => input.ToArray(), "reset");
        AssertSays<ObjectDisposedException>(() => nearest.CopyTo(new int[2]), "reset");
    }

    [Fact]
    public void A_tape_reuses_the_memory_of_its_indices()
    {
        using var device = new CountingDevice();
        using var tape = new Tape(device);
        using Tensor table = Tensor.From([0, 4, 9], [3, 1], device);
        Step();
        int allocations = device.Allocations;
        for (int step = 0; step < 5; step++) Step();
        Assert.Equal(allocations, device.Allocations);

        void Step()
        {
            tape.Reset();
            tape.Input([1, 5], [2, 1]).NearestRows(table);
            tape.Indices([1, 0], [2], limit: 2);
        }
    }

    [Fact]
    public void Without_a_tape_the_nearest_rows_belong_to_the_caller()
    {
        using Tensor x = Tensor.From([8, 1, 5], [1, 3, 1]), table = Tensor.From([0, 4, 9], [3, 1]);
        using Indices nearest = x.NearestRows(table);
        Assert.Null(nearest.Tape);
        Assert.Equal(new Shape(1, 3), nearest.Shape);
        Assert.Equal([2, 0, 1], nearest.ToArray());
    }

    private static void AssertSays<T>(Action action, params string[] parts) where T : Exception
    {
        string message = Assert.Throws<T>(action).Message;
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
