using System.Numerics.Tensors;

namespace Tessera.Analysis;

/// <summary>
/// Smooths a series by fitting a polynomial to the window around each value, by least squares, and taking the
/// polynomial's value there (Savitzky, Golay, "Smoothing and Differentiation of Data by Simplified Least Squares
/// Procedures", 1964).
/// </summary>
public static class SavitzkyGolay
{
    /// <summary>
    /// The smoothed series, as long as <paramref name="values"/>: what scipy's
    /// <c>savgol_filter(values, window, order, mode="interp")</c> makes. Value i is <c>p(i)</c>, where p is the
    /// polynomial nearest to the values of the window centred on i; the first and the last <c>window / 2</c> values are
    /// those of the polynomials of the first and the last whole window. A NaN reaches every value whose window holds
    /// it.
    /// </summary>
    /// <param name="values">The series, evenly spaced; at least <paramref name="window"/> values.</param>
    /// <param name="window">Values in a window: odd, more than <paramref name="order"/>.</param>
    /// <param name="order">The polynomial's degree, at least 0.</param>
    /// <remarks>
    /// At window 201 and order 7 the result is right to 1e-11, where scipy's own rounding leaves all but its edges 5e-5
    /// too low (<c>tests/fixtures/analysis/README.md</c>). Costs <c>window</c> operations a value, and once
    /// <c>window * (window + order) * order</c>.
    /// </remarks>
    /// <exception cref="ArgumentException">A size is out of its range.</exception>
    public static double[] Smooth(ReadOnlySpan<double> values, int window, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        if (window <= order || window % 2 == 0)
            throw new ArgumentException(
                $"A window is odd and longer than the polynomial's degree {order}; {window} is not.", nameof(window));
        if (values.Length < window)
            throw new ArgumentException(
                $"{values.Length} values are fewer than a window of {window}.", nameof(values));

        double[][] basis = OrthonormalPolynomials(window, order);
        int half = window / 2;
        double[] smoothed = new double[values.Length];
        double[] weights = new double[window];
        FillWeights(basis, half, weights);
        for (int i = half; i < values.Length - half; i++)
            smoothed[i] = TensorPrimitives.Dot<double>(weights, values.Slice(i - half, window));
        for (int i = 0; i < half; i++)
        {
            FillWeights(basis, i, weights);
            smoothed[i] = TensorPrimitives.Dot<double>(weights, values[..window]);
            FillWeights(basis, window - 1 - i, weights);
            smoothed[^(i + 1)] = TensorPrimitives.Dot<double>(weights, values[^window..]);
        }
        return smoothed;
    }

    /// <summary>
    /// The longest window for <see cref="Smooth"/>: the largest odd number that is at most <paramref name="wanted"/>,
    /// at most <paramref name="length"/> and more than <paramref name="order"/>; null where there is none.
    /// </summary>
    /// <param name="length">Values in the series.</param>
    /// <param name="wanted">The window that a longer series would get.</param>
    /// <param name="order">The polynomial's degree, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The order is negative.</exception>
    public static int? LargestWindow(int length, int wanted, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        int limit = Math.Min(length, wanted);
        int window = limit % 2 == 0 ? limit - 1 : limit;
        return window > order ? window : null;
    }

    /// <summary>
    /// The weights of the window's values in the fitted polynomial's value at place <paramref name="at"/>.
    /// </summary>
    private static void FillWeights(double[][] basis, int at, Span<double> weights)
    {
        weights.Clear();
        foreach (double[] polynomial in basis)
            TensorPrimitives.MultiplyAdd(polynomial, polynomial[at], weights, weights);
    }

    /// <summary>
    /// Polynomials of degree 0 to <paramref name="order"/> at the window's places, orthonormal as vectors.
    /// </summary>
    /// <remarks>
    /// Powers of the place would be a basis too, but nearly parallel ones: the normal equations of window 201 and order
    /// 7 through them lose all digits. Each new polynomial is x times the last one, made orthogonal to all before it,
    /// twice, as the first pass leaves rounding errors of the size of what it took away (Giraud, Langou, Rozloznik,
    /// "The loss of orthogonality in the Gram-Schmidt orthogonalization process", 2005).
    /// </remarks>
    private static double[][] OrthonormalPolynomials(int window, int order)
    {
        double[] places = new double[window];
        for (int i = 0; i < window; i++) places[i] = 2.0 * i / Math.Max(window - 1, 1) - 1;
        double[][] basis = new double[order + 1][];
        for (int degree = 0; degree <= order; degree++)
        {
            double[] polynomial = new double[window];
            if (degree == 0) polynomial.AsSpan().Fill(1);
            else TensorPrimitives.Multiply(places, basis[degree - 1], polynomial);
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] lower in basis.AsSpan(0, degree))
                {
                    double projection = TensorPrimitives.Dot<double>(lower, polynomial);
                    TensorPrimitives.MultiplyAdd(lower, -projection, polynomial, polynomial);
                }
            }
            TensorPrimitives.Divide(polynomial, TensorPrimitives.Norm<double>(polynomial), polynomial);
            basis[degree] = polynomial;
        }
        return basis;
    }
}
