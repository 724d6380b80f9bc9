using Tessera.Tensors.IO;

namespace Tessera.Tensors.Tests.IO;

public class HalfPrecisionTests
{
    [Fact]
    public void Half_tensors_are_read_back_rounded_beside_full_ones()
    {
        float[] values = [0.1f, -3.14159f, 65504, 6e-8f];
        using var file = new MemoryStream();
        SafeTensors.Write(
            file, [new TensorEntry("full", [4], values), new TensorEntry("half", [2, 2], values) { IsHalf = true }]);
        file.Position = 0;
        TensorFile read = SafeTensors.Read(file);
        Assert.Equal(values, read.Tensors[0].Values.ToArray());
        Assert.Equal([2, 2], read.Tensors[1].Shape);
        Assert.Equal([.. values.Select(value => (float)(Half)value)], read.Tensors[1].Values.ToArray());
    }

    [Fact]
    public void A_half_tensor_takes_half_the_space()
    {
        static long LengthOf(bool half)
        {
            using var file = new MemoryStream();
            SafeTensors.Write(file, [new TensorEntry("weight", [50_001], new float[50_001]) { IsHalf = half }]);
            return file.Length;
        }

        Assert.InRange(LengthOf(half: false) - LengthOf(half: true), 2 * 50_001 - 16, 2 * 50_001 + 16);
    }
}
