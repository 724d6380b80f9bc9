using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Tests.Devices;

public class OrthogonalizeTests
{
    /// <summary>
    /// A few dozen roundings. The kernels square X first, so its small singular values suffer from the rounding of the
    /// large ones, and four iterations amplify that error by 3.4445^2 each, up to 1e-3. Random matrices have such small
    /// singular values if they are nearly square.
    /// </summary>
    private const double Tolerance = 2e-5, ToleranceNearSquare = 1e-3;

    [Fact]
    public void Every_shape_agrees_with_the_reference()
    {
        foreach (int rows in (int[])[1, 5, 16, 31, 32, 48, 130])
        {
            foreach (int columns in (int[])[1, 4, 33, 128, 144, 300])
                AssertAgree(rows, columns, Numbers.Normal(rows * columns, 1));
        }
        AssertAgree(128, 1024, Numbers.Normal(128 * 1024, 2));
    }

    /// <summary>
    /// By hand: a single row is divided by its length, then its singular value follows the polynomial.
    /// </summary>
    [Fact]
    public void A_row_becomes_nearly_a_unit_vector_whatever_its_length()
    {
        double expected = 1;
        for (int i = 0; i < 5; i++)
            expected = 3.4445 * expected - 4.7750 * Math.Pow(expected, 3) + 2.0315 * Math.Pow(expected, 5);
        foreach (float length in (float[])[1e-6f, 1, 1e30f])
        {
            float[] row = [0.6f * length, -0.8f * length];
            foreach (Device device in Kernels.All)
            {
                float[] values = Orthogonal(device, row, 2);
                Assert.Equal(0.6 * expected, values[0], 1e-5);
                Assert.Equal(-0.8 * expected, values[1], 1e-5);
            }
        }
    }

    /// <summary>The rows of the result are nearly orthonormal; those of the argument are not.</summary>
    [Theory]
    [InlineData(24, 96)]
    [InlineData(96, 24)]
    public void Singular_values_come_near_to_1(int rows, int columns)
    {
        // Rows or columns of very different sizes.
        float[] x = Numbers.Normal(rows * columns, 3);
        for (int i = 0; i < x.Length; i++) x[i] *= 1 + 4 * (rows < columns ? i / columns : i % columns) % 7;
        foreach (Device device in Kernels.All)
        {
            float[] values = Orthogonal(device, x, columns);
            int shorter = Math.Min(rows, columns);
            for (int i = 0; i < shorter; i++)
            {
                for (int j = 0; j < shorter; j++)
                {
                    double product = 0;
                    for (int k = 0; k < Math.Max(rows, columns); k++)
                    {
                        product += rows < columns
                            ? (double)values[i * columns + k] * values[j * columns + k]
                            : (double)values[k * columns + i] * values[k * columns + j];
                    }
                    if (i == j) Assert.InRange(product, 0.45, 1.5);
                    else Assert.InRange(product, -0.35, 0.35);
                }
            }
        }
    }

    /// <summary>Tall and wide matrices, one of zeros, and one with a NaN.</summary>
    [Fact]
    public void Several_matrices_give_the_same_bits_as_each_alone()
    {
        float[][] matrices =
        [
            Numbers.Normal(40 * 70, 4), new float[30], Numbers.Normal(70 * 40, 5), Numbers.Normal(1, 6),
            Numbers.Normal(130 * 300, 7),
        ];
        int[] columns = [70, 5, 40, 1, 300];
        matrices[2][7] = float.NaN;
        foreach (Device device in Kernels.All)
        {
            Storage<float>[] together = [.. matrices.Select(matrix => Kernels.Store(matrix))];
            device.Orthogonalize([.. together.Zip(columns)]);
            for (int i = 0; i < matrices.Length; i++)
            {
                float[] actual = new float[matrices[i].Length];
                device.Download(together[i], actual);
                Assert.True(
                    Numbers.SameBits(Orthogonal(device, matrices[i], columns[i]), actual),
                    $"matrix {i} on {device.Description} differs from its result alone");
            }
        }
    }

    [Fact]
    public void An_empty_list_of_matrices_is_allowed()
    {
        foreach (Device device in Kernels.All) device.Orthogonalize([]);
    }

    /// <summary>
    /// Like real gradients: one direction is hundreds of times larger than the rest, and some units are dead. The small
    /// directions are amplified up to 485 times and lose accuracy, because their squares are tiny beside the large
    /// one's: the error is a few percent.
    /// </summary>
    [Theory]
    [InlineData(32, 288)]
    [InlineData(288, 32)]
    public void A_gradient_with_one_large_direction_is_accurate_to_a_few_percent(int rows, int columns)
    {
        float[] x = Numbers.Normal(rows * columns, 7);
        float[] left = Numbers.Normal(rows, 8), right = Numbers.Normal(columns, 9);
        for (int i = 0; i < x.Length; i++)
        {
            bool isDead = (rows < columns ? i / columns : i % columns) % 8 == 3;
            x[i] = isDead ? 0 : left[i / columns] * right[i % columns] + 3e-3f * x[i];
        }
        Kernels.AssertAgree(
            $"{rows}x{columns}", 0.03, (device, matrices) => device.Orthogonalize([(matrices[0], columns)]), x);
    }

    /// <summary>
    /// Below a norm of 1e-7 there are only rounding errors, which must not become a step of full size.
    /// </summary>
    [Fact]
    public void A_matrix_of_tiny_norm_stays_small()
    {
        float[] x = [3e-12f, 4e-12f];
        double expected = Math.Pow(3.4445, 5) * 5e-12 / 1e-7;
        foreach (Device device in Kernels.All)
        {
            float[] values = Orthogonal(device, x, 2);
            Assert.Equal(0.6 * expected, values[0], 1e-4);
            Assert.Equal(0.8 * expected, values[1], 1e-4);
        }
    }

    [Fact]
    public void Zeros_stay_zeros()
    {
        foreach (Device device in Kernels.All)
        {
            float[] values = Orthogonal(device, new float[20 * 30], 30);
            Assert.All(values, value => Assert.Equal(0, value));
        }
    }

    /// <summary>A gradient that is not finite must not become a finite step.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_non_finite_element_makes_the_whole_result_non_finite(float spoilt)
    {
        float[] x = Numbers.Normal(20 * 30, 6);
        x[77] = spoilt;
        foreach (Device device in Kernels.All)
        {
            float[] values = Orthogonal(device, x, 30);
            Assert.All(values, value => Assert.False(float.IsFinite(value)));
        }
    }

    private static float[] Orthogonal(Device device, float[] x, int columns)
    {
        Storage<float> matrix = Kernels.Store(x);
        device.Orthogonalize([(matrix, columns)]);
        float[] values = new float[x.Length];
        device.Download(matrix, values);
        return values;
    }

    private static void AssertAgree(int rows, int columns, float[] x)
    {
        bool isNearlySquare = Math.Max(rows, columns) < 2 * Math.Min(rows, columns);
        Kernels.AssertAgree(
            $"{rows}x{columns}", isNearlySquare ? ToleranceNearSquare : Tolerance,
            (device, matrices) => device.Orthogonalize([(matrices[0], columns)]), x);
    }
}
