using System.Numerics.Tensors;

namespace Tessera.Analysis;

/// <summary>
/// Smooths a series: each value becomes that of a polynomial fitted by least squares to the window around it (Savitzky,
/// Golay, "Smoothing and Differentiation of Data by Simplified Least Squares Procedures", 1964).
/// </summary>
public static class SavitzkyGolay
{
    /// <summary>
    /// The smoothed series, as long as <paramref name="values"/>, as by scipy's
    /// <c>savgol_filter(values, window, order, mode="interp")</c>. Value i is <c>p(i)</c>, where p is the polynomial
    /// fitted to the window centred on i. The first and the last <c>window / 2</c> values come from the polynomials of
    /// the first and the last whole window. A NaN affects every value whose window holds it.
    /// </summary>
    /// <param name="values">The series, evenly spaced; at least <paramref name="window"/> values.</param>
    /// <param name="window">Values in a window: odd, more than <paramref name="order"/>.</param>
    /// <param name="order">The polynomial's degree, at least 0.</param>
    /// <remarks>
    /// At window 201 and order 7 the result is accurate to 1e-11, while scipy's rounding errors make its values 5e-5
    /// too low except at the edges (<c>tests/fixtures/analysis/README.md</c>). The cost is <c>window</c> operations per
    /// value, plus <c>window * (window + order) * order</c> once.
    /// </remarks>
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public static double[] Smooth(ReadOnlySpan<double> values, int window, int order)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        if (window <= order || window % 2 == 0)
            throw new ArgumentException(
                $"the window must be odd and above the polynomial's degree {order}, not {window}", nameof(window));
        if (values.Length < window)
            throw new ArgumentException(
                $"there are {values.Length} values; a window of {window} needs at least as many", nameof(values));

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
    /// at most <paramref name="length"/> and above <paramref name="order"/>; null if there is none.
    /// </summary>
    /// <param name="length">The number of values in the series.</param>
    /// <param name="wanted">The window for a series that is long enough.</param>
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
    /// Writes the weights of the window's values in the fitted polynomial's value at position <paramref name="at"/>.
    /// </summary>
    private static void FillWeights(double[][] basis, int at, Span<double> weights)
    {
        weights.Clear();
        foreach (double[] polynomial in basis)
            TensorPrimitives.MultiplyAdd(polynomial, polynomial[at], weights, weights);
    }

    /// <summary>
    /// Polynomials of degree 0 to <paramref name="order"/>, evaluated at the window's positions and orthonormal as
    /// vectors.
    /// </summary>
    /// <remarks>
    /// Monomials are nearly parallel: with them, the normal equations of window 201 and order 7 lose all digits.
    /// Instead, each new polynomial is x times the previous one, orthogonalized against all previous ones. This is done
    /// twice, because the first pass leaves rounding errors as large as the removed parts (Giraud, Langou, Rozloznik,
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
