using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Tessera.Analysis;

/// <summary>
/// Principal components: the orthogonal directions of largest variance of the rows (Pearson, "On Lines and Planes of
/// Closest Fit to Systems of Points in Space", 1901), computed as eigenvectors of the covariance matrix in double
/// precision. The results are those of scikit-learn's <c>PCA</c>. The sign of a component is chosen so that its largest
/// loading is positive (<c>svd_flip(u_based_decision=False)</c>).
/// </summary>
public sealed class Pca
{
    private readonly double[] _mean, _components, _explainedVariance, _explainedVarianceRatio;

    private Pca(double[] mean, double[] components, double[] explainedVariance, double[] explainedVarianceRatio)
    {
        _mean = mean;
        _components = components;
        _explainedVariance = explainedVariance;
        _explainedVarianceRatio = explainedVarianceRatio;
    }

    /// <summary>The mean of the rows, <c>[columns]</c>.</summary>
    public ReadOnlySpan<double> Mean => _mean;

    /// <summary>The components, <c>[components, columns]</c>, row-major, orthonormal.</summary>
    public ReadOnlySpan<double> Components => _components;

    /// <summary>
    /// The variance of the rows along each component (divisor rows - 1), in descending order, at least 0.
    /// </summary>
    public ReadOnlySpan<double> ExplainedVariance => _explainedVariance;

    /// <summary>Each component's share of the total variance, 0 to 1; 0 if all rows are equal.</summary>
    public ReadOnlySpan<double> ExplainedVarianceRatio => _explainedVarianceRatio;

    /// <summary>Finds the components with the largest variance.</summary>
    /// <param name="rows"><c>[rows, columns]</c>, row-major, finite; at least one row.</param>
    /// <param name="columns">Numbers in a row.</param>
    /// <param name="components">The number of components, 1 to <paramref name="columns"/>.</param>
    /// <remarks>
    /// If the rows vary along fewer directions than requested (few rows, constant columns), the remaining components
    /// are arbitrary directions orthogonal to the others, with variance 0. The cost is
    /// <c>rows * columns^2 + columns^3</c>.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// There is no row, a number is not finite, or a size is out of range.
    /// </exception>
    public static Pca Fit(ReadOnlySpan<float> rows, int columns, int components)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(components);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(components, columns);
        int count = Rows.Count(rows, columns, least: 1);

        double[] mean = MeanOf(rows, columns);
        Matrix<double> covariance = Covariance(rows, mean, Math.Max(count - 1, 1));
        Evd<double> eigen = covariance.Evd(Symmetricity.Symmetric);
        double total = covariance.Trace();
        double[] directions = new double[components * columns];
        double[] variance = new double[components], ratio = new double[components];
        for (int component = 0; component < components; component++)
        {
            // Eigenvalues are in ascending order.
            int place = columns - 1 - component;
            double[] direction = eigen.EigenVectors.Column(place).ToArray();
            double sign = direction[eigen.EigenVectors.Column(place).AbsoluteMaximumIndex()] < 0 ? -1 : 1;
            for (int column = 0; column < columns; column++)
                directions[component * columns + column] = sign * direction[column];
            variance[component] = Math.Max(eigen.EigenValues[place].Real, 0);
            ratio[component] = total > 0 ? variance[component] / total : 0;
        }
        return new Pca(mean, directions, variance, ratio);
    }

    /// <summary>
    /// Projects rows on the components, <c>(row - mean) . component</c>: <c>[rows, components]</c>, row-major.
    /// </summary>
    /// <param name="rows">
    /// <c>[rows, columns]</c>, row-major, finite; not necessarily those of <see cref="Fit"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The length is not a multiple of the columns, or a number is not finite.
    /// </exception>
    public double[] Transform(ReadOnlySpan<float> rows)
    {
        int columns = _mean.Length, components = _explainedVariance.Length;
        int count = Rows.Count(rows, columns, least: 0);
        double[] places = new double[count * components];
        double[] centred = new double[columns];
        for (int row = 0; row < count; row++)
        {
            Centre(rows.Slice(row * columns, columns), _mean, centred);
            for (int component = 0; component < components; component++)
            {
                places[row * components + component] =
                    TensorPrimitives.Dot(centred, Components.Slice(component * columns, columns));
            }
        }
        return places;
    }

    private static double[] MeanOf(ReadOnlySpan<float> rows, int columns)
    {
        double[] mean = new double[columns];
        for (int i = 0; i < rows.Length; i++) mean[i % columns] += rows[i];
        for (int column = 0; column < columns; column++) mean[column] /= rows.Length / columns;
        return mean;
    }

    private static Matrix<double> Covariance(ReadOnlySpan<float> rows, double[] mean, int divisor)
    {
        int columns = mean.Length;
        double[] sums = new double[columns * columns], centred = new double[columns];
        for (int start = 0; start < rows.Length; start += columns)
        {
            Centre(rows.Slice(start, columns), mean, centred);
            for (int column = 0; column < columns; column++)
            {
                Span<double> line = sums.AsSpan(column * columns, columns);
                TensorPrimitives.MultiplyAdd(centred, centred[column], line, line);
            }
        }
        return Matrix<double>.Build.Dense(columns, columns, sums) / divisor;
    }

    private static void Centre(ReadOnlySpan<float> row, ReadOnlySpan<double> mean, Span<double> centred)
    {
        for (int column = 0; column < row.Length; column++) centred[column] = row[column] - mean[column];
    }
}
