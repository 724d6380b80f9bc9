namespace Tessera.Tensors.Devices;

// Primitives of levels, softmax, entropies and columns.
public abstract partial class Device
{
    /// <summary>
    /// Bounds the columns of x <c>[rows, columns]</c>: <c>y[i,c] = scale[c] * tanh(x[i,c] + shift[c]) - offset[c]</c>.
    /// </summary>
    /// <param name="x">The matrix.</param>
    /// <param name="bounds"><c>[3, columns]</c>: scale, shift and offset.</param>
    /// <param name="y">Receives the result; may be x.</param>
    public abstract void SquashColumns(Storage<float> x, Storage<float> bounds, Storage<float> y);

    /// <summary>
    /// The gradient of <see cref="SquashColumns"/> from its input:
    /// <c>gradX = gradY * scale[c] * (1 - tanh(x + shift[c])^2)</c>.
    /// </summary>
    public abstract void SquashColumnsGradient(
        Storage<float> x, Storage<float> bounds, Storage<float> gradY, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// Rounds each element of x <c>[rows, columns]</c> to the nearest level of its column, half way to the even one,
    /// beyond the last level to the last. NaN has level 0 and the value NaN.
    /// </summary>
    /// <param name="x">The matrix.</param>
    /// <param name="grid">The levels.</param>
    /// <param name="y">Receives the levels' values.</param>
    /// <param name="codes">Receives the code of each row.</param>
    public abstract void RoundToLevels(Storage<float> x, in LevelGrid grid, Storage<float> y, Storage<int> codes);

    /// <summary>The values of codes: row i of y <c>[rows, columns]</c> are the levels of <c>codes[i]</c>.</summary>
    public abstract void LookUpLevels(Storage<int> codes, in LevelGrid grid, Storage<float> y);

    /// <summary>
    /// Copies some columns of x <c>[rows, xColumns]</c> into or onto some of y <c>[rows, yColumns]</c>:
    /// <c>y[i, yFirst + c] = x[i, xFirst + c]</c>. The other columns of y stay.
    /// </summary>
    public abstract void CopyColumns(
        Storage<float> x, in ColumnRange xColumns, Storage<float> y, in ColumnRange yColumns, bool accumulate);

    /// <summary>The same for integers.</summary>
    public abstract void CopyIndexColumns(
        Storage<int> x, in ColumnRange xColumns, Storage<int> y, in ColumnRange yColumns);

    /// <summary>
    /// The softmax of each row of x <c>[rows, columns]</c> at a temperature T: <c>y = softmax((x + g) / T)</c>. With
    /// noise, element i of the whole matrix has <c>g = -log(-log u)</c> of the Gumbel distribution (Jang et al. 2017,
    /// equation 1), u being number i of the source plus 2^-25; else <c>g = 0</c>.
    /// </summary>
    /// <param name="x">The logits.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="noise">The random numbers; null for none.</param>
    /// <param name="y">Receives the result; may be x.</param>
    public abstract void Softmax(
        Storage<float> x, int columns, Number temperature, NoiseSource? noise, Storage<float> y);

    /// <summary>
    /// The gradient of <see cref="Softmax"/> from its result: <c>gradX = y (gradY - sum over the row of y gradY) /
    /// T</c>.
    /// </summary>
    public abstract void SoftmaxGradient(
        Storage<float> y, int columns, Number temperature, Storage<float> gradY, Storage<float> gradX, bool accumulate);

    /// <summary>The column of the largest number of each row of x, the first on a tie.</summary>
    public abstract void LargestColumns(Storage<float> x, int columns, Storage<int> largest);

    /// <summary>
    /// The entropy of distributions, in nats. With p <c>[rows, columns]</c>, a distribution a row, q their mean and
    /// <c>H(p) = -sum of p log(p + 1e-10)</c>: <c>result = rowWeight * (mean over rows of H(p)) + meanWeight *
    /// H(q)</c>.
    /// </summary>
    /// <param name="p">The distributions.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="weights">The two weights.</param>
    /// <param name="means">Receives q, <c>[columns]</c>.</param>
    /// <param name="result">Receives the result, one number.</param>
    public abstract void RowEntropy(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> result);

    /// <summary>
    /// The gradient of <see cref="RowEntropy"/>: <c>gradP = -upstream[0] / rows * (rowWeight * (log(p + 1e-10) + 1) +
    /// meanWeight * (log(q + 1e-10) + 1))</c>.
    /// </summary>
    public abstract void RowEntropyGradient(
        Storage<float> p, int columns, in EntropyWeights weights, Storage<float> means, Storage<float> upstream,
        Storage<float> gradP, bool accumulate);
}
