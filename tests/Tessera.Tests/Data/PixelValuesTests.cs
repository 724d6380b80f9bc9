using Tessera.Data;

namespace Tessera.Tests.Data;

public class PixelValuesTests
{
    /// <summary>All byte values at many positions and lengths, compared exactly.</summary>
    [Fact]
    public void Bytes_become_byte_over_255_minus_a_half()
    {
        foreach (int length in (int[])[0, 1, 2, 7, 31, 33, 255, 256, 257, 4095, 4097, 10_000])
        {
            for (int shift = 0; shift < 256; shift += length > 256 ? 85 : 1)
            {
                byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(i + shift))];
                float[] values = new float[length + 1];
                values[length] = 7;
                PixelValues.FromBytes(bytes, values);
                Assert.Equal([.. bytes.Select(value => value / 255f - 0.5f), 7], values);
            }
        }
    }

    [Fact]
    public void Every_byte_round_trips()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)], back = new byte[256];
        float[] values = new float[256];
        PixelValues.FromBytes(bytes, values);
        PixelValues.ToBytes(values, back);
        Assert.Equal(bytes, back);
    }

    [Fact]
    public void Values_are_clamped_and_moved_to_the_unit_range()
    {
        float[] values = [-7, -0.5f, -0.25f, 0, 0.5f, 0.75f];
        PixelValues.ToUnitRange(values);
        Assert.Equal([0, 0, 0.25f, 0.5f, 1, 1], values);
    }

    [Fact]
    public void Short_buffers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PixelValues.FromBytes(new byte[3], new float[2]));
        Assert.Throws<ArgumentException>(() => PixelValues.ToBytes(new float[3], new byte[2]));
    }
}
