using MathNet.Numerics.LinearAlgebra;

namespace Tessera.Benchmarks.Frechet;

/// <summary>Distances between two sets of feature vectors.</summary>
internal static class Distances
{
    /// <summary>
    /// The Fréchet distance of the normal distributions with the sets' means and covariances (Heusel et al. 2017,
    /// equation 6): <c>|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))</c>.
    /// </summary>
    public static double Frechet(float[][] first, float[][] second)
    {
        (Vector<double> mean1, Matrix<double> covariance1) = Moments(first);
        (Vector<double> mean2, Matrix<double> covariance2) = Moments(second);
        Matrix<double> root = SquareRoot(covariance1);
        // The eigenvalues of C1 C2 are those of C1^(1/2) C2 C1^(1/2), which is symmetric.
        Matrix<double> product = root * covariance2 * root;
        double trace = Symmetric(product).Evd(Symmetricity.Symmetric).EigenValues
            .Sum(value => Math.Sqrt(Math.Max(value.Real, 0)));
        return (mean1 - mean2).PointwisePower(2).Sum() + covariance1.Trace() + covariance2.Trace() - 2 * trace;
    }

    /// <summary>
    /// The kernel distance, unbiased: the squared maximum mean discrepancy with the kernel <c>(x . y / d + 1)^3</c>
    /// (Binkowski et al. 2018, section 3).
    /// </summary>
    public static double Kernel(float[][] first, float[][] second)
    {
        Matrix<double> x = Rows(first), y = Rows(second);
        int n = first.Length, m = second.Length;
        Matrix<double> xx = Cubic(x, x), yy = Cubic(y, y), xy = Cubic(x, y);
        double within = (xx.Enumerate().Sum() - xx.Trace()) / ((double)n * (n - 1))
            + (yy.Enumerate().Sum() - yy.Trace()) / ((double)m * (m - 1));
        return within - 2 * xy.Enumerate().Sum() / ((double)n * m);
    }

    /// <summary>The standard deviation of a distance when the first set is drawn again with replacement.</summary>
    public static double Bootstrap(float[][] first, float[][] second, int draws)
    {
        var random = new Random(1);
        double[] distances = new double[draws];
        for (int i = 0; i < draws; i++)
        {
            float[][] drawn = [.. Enumerable.Range(0, first.Length).Select(_ => first[random.Next(first.Length)])];
            distances[i] = Frechet(drawn, second);
        }
        double mean = distances.Average();
        return Math.Sqrt(distances.Sum(distance => (distance - mean) * (distance - mean)) / Math.Max(draws - 1, 1));
    }

    private static (Vector<double> Mean, Matrix<double> Covariance) Moments(float[][] set)
    {
        Matrix<double> x = Rows(set);
        Vector<double> mean = x.ColumnSums() / set.Length;
        Matrix<double> centred = x - Matrix<double>.Build.Dense(set.Length, mean.Count, (_, column) => mean[column]);
        return (mean, centred.TransposeThisAndMultiply(centred) / (set.Length - 1));
    }

    private static Matrix<double> Cubic(Matrix<double> x, Matrix<double> y) =>
        x.TransposeAndMultiply(y).Map(product => Math.Pow(product / Features.Count + 1, 3));

    private static Matrix<double> SquareRoot(Matrix<double> matrix)
    {
        var values = Symmetric(matrix).Evd(Symmetricity.Symmetric);
        Vector<double> roots = values.EigenValues.Map(value => Math.Sqrt(Math.Max(value.Real, 0)));
        return values.EigenVectors * Matrix<double>.Build.DiagonalOfDiagonalVector(roots)
            * values.EigenVectors.Transpose();
    }

    private static Matrix<double> Symmetric(Matrix<double> matrix) => (matrix + matrix.Transpose()) / 2;

    private static Matrix<double> Rows(float[][] set) => Matrix<double>.Build.Dense(
        set.Length, set[0].Length, (row, column) => set[row][column]);
}
