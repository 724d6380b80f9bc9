namespace Tessera.Tensors.Tests;

public class ShapeTests
{
    [Fact]
    public void Sizes_lengths_and_rows()
    {
        Shape shape = [2, 3, 5, 7];
        Assert.Equal((4, 210, 7, 30), (shape.Rank, shape.Length, shape.Last, shape.Rows));
        Assert.Equal([2, 3, 5, 7], shape.ToArray());
        Assert.Equal((2, 7, 7, 2), (shape[0], shape[3], shape[-1], shape[-4]));
        List<int> sizes = [];
        foreach (int size in shape) sizes.Add(size);
        Assert.Equal([2, 3, 5, 7], sizes);
        Assert.Equal("[2, 3, 5, 7]", shape.ToString());
    }

    [Fact]
    public void The_default_shape_is_the_scalar()
    {
        Shape scalar = [];
        foreach (Shape shape in (Shape[])[scalar, default, new Shape()])
        {
            Assert.Equal((0, 1, 1, 1), (shape.Rank, shape.Length, shape.Last, shape.Rows));
            Assert.Equal(scalar, shape);
            Assert.Empty(shape.ToArray());
            Assert.Equal("[]", shape.ToString());
        }
    }

    [Fact]
    public void Shapes_are_equal_when_rank_and_sizes_are()
    {
        Shape a = [2, 3], same = [2, 3], longer = [2, 3, 1], other = [3, 2];
        Assert.True(a == same && !(a != same) && a.Equals((object)same));
        Assert.Equal(a.GetHashCode(), same.GetHashCode());
        Assert.True(a != longer && a != other);
        Assert.False(a.Equals("[2, 3]"));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(int.MinValue)]
    public void Sizes_start_at_1(int size)
    {
        var error = Assert.Throws<ArgumentException>(() => new Shape(2, size));
        Assert.Contains($"[2, {size}]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_at_most_four_sizes()
    {
        var error = Assert.Throws<ArgumentException>(() => new Shape(1, 1, 1, 1, 1));
        Assert.Contains("at most 4 sizes, not 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_less_than_2_to_the_31_elements()
    {
        Assert.Equal(int.MaxValue, new Shape(int.MaxValue).Length);
        Assert.Equal(1 << 30, new Shape(1 << 15, 1 << 15).Length);
        Assert.Throws<ArgumentException>(() => new Shape(1 << 16, 1 << 15));
        Assert.Throws<ArgumentException>(() => new Shape(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue));
        // 2^64 elements: 0 in 64 bits.
        Assert.Throws<ArgumentException>(() => new Shape(1 << 16, 1 << 16, 1 << 16, 1 << 16));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-3)]
    [InlineData(int.MinValue)]
    public void An_axis_that_is_not_there_throws(int axis) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Shape(2, 3)[axis]);

    [Fact]
    public void A_scalar_has_no_axis() => Assert.Throws<ArgumentOutOfRangeException>(() => new Shape()[0]);
}
