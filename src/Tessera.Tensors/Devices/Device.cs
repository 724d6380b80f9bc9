using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Devices;

/// <summary>
/// The one seam between operations and hardware: a few dozen primitives over <see cref="Storage"/>. Operations check
/// all sizes before the call; a primitive does not check them again. A destination must not overlap a source, unless
/// the primitive allows it. With <c>accumulate</c> a primitive adds to the destination, else it overwrites it. The bits
/// of every result depend on the arguments alone, not on the number of threads.
/// </summary>
public abstract class Device
{
    // Created on first use: a program may not need its threads, and TESSERA_KERNELS may be wrong.
    private static readonly Lazy<Device> Processor = new(() => new CpuDevice());

    private readonly BufferPool _pool;

    /// <summary>Creates the device with an empty pool of buffers.</summary>
    protected Device() => _pool = new BufferPool(this);

    /// <summary>The processor with all its cores: the device of tensors that name no other.</summary>
    /// <exception cref="ArgumentException">TESSERA_KERNELS or TESSERA_CONVOLUTIONS has an unknown value.</exception>
    public static Device Default => Processor.Value;

    /// <summary>A description for users: "cpu, 2 threads, vector256 kernels".</summary>
    public abstract string Description { get; }

    /// <summary>Allocates new memory, not cleared; it lives as long as it is referenced.</summary>
    public abstract Storage Allocate(int length);

    /// <summary>Copies from host memory to the device.</summary>
    public abstract void Upload(ReadOnlySpan<float> source, Storage destination);

    /// <summary>Copies from the device to host memory.</summary>
    public abstract void Download(Storage source, Span<float> destination);

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public abstract void Fill(Storage destination, float value);

    /// <summary>
    /// The convolution of <paramref name="x"/> (formula: <see cref="Conv2dGeometry"/>), followed by the epilogue; the
    /// epilogue's bias has OutChannels elements.
    /// </summary>
    public abstract void Conv2d(
        in Conv2dGeometry geometry, Storage x, Storage weight, in Epilogue epilogue, Storage y);

    /// <summary>
    /// The transpose of <see cref="Conv2d"/> as a linear map: from the convolution's output side to its input side,
    /// <c>x[n,h,w,c] = sum over o,u,v of w[o,c,u,v] * y[n,i,j,o]</c> for all i, j with
    /// <c>i*Stride + u - Padding = h</c> and likewise for w; the epilogue's bias has InChannels elements. This is the
    /// input gradient of a convolution and the forward pass of a transposed convolution.
    /// </summary>
    public abstract void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage y, Storage weight, in Epilogue epilogue, Storage x);

    /// <summary>The weight gradient of <see cref="Conv2d"/> for input x and upstream gradient gradY.</summary>
    public abstract void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage x, Storage gradY, Storage gradWeight, bool accumulate);

    /// <summary>The sum of each column of a matrix <c>[rows, columns]</c>: a bias gradient.</summary>
    public abstract void ColumnSums(Storage x, int rows, int columns, Storage sums, bool accumulate);

    /// <summary><c>y = max(x, 0)</c>; NaN stays NaN.</summary>
    public abstract void Relu(Storage x, Storage y);

    /// <summary><c>gradX = gradY where y &gt; 0, else 0</c>, from the output y of <see cref="Relu"/>; gradX may be
    /// gradY.</summary>
    public abstract void ReluGradient(Storage y, Storage gradY, Storage gradX, bool accumulate);

    /// <summary><c>z = x + y</c>, element by element.</summary>
    public abstract void Add(Storage x, Storage y, Storage z);

    /// <summary><c>y = scale * x</c>, element by element; y may be x.</summary>
    public abstract void Scale(Storage x, float scale, Storage y, bool accumulate);

    /// <summary>
    /// The sum of <c>x^2</c> over all elements: finite if all elements are, because sums that overflow float32 are
    /// computed in double precision. Squares below the smallest float32 may count as 0.
    /// </summary>
    public abstract double SumOfSquares(Storage x);

    /// <summary>The sum of <c>(x - y)^2</c> over all elements.</summary>
    public abstract double SumOfSquaredDifferences(Storage x, Storage y);

    /// <summary><c>z = scale * (x - y)</c>, element by element.</summary>
    public abstract void ScaledDifference(Storage x, Storage y, float scale, Storage z, bool accumulate);

    /// <summary>
    /// <c>gradX = scaleX * (x - y)</c> and <c>gradY = scaleY * (y - x)</c> in one pass: both gradients of a squared
    /// error.
    /// </summary>
    public abstract void SquaredErrorGradients(
        Storage x, Storage y,
        float scaleX, Storage gradX, bool accumulateX, float scaleY, Storage gradY, bool accumulateY);

    /// <summary>
    /// For each row of x <c>[rows, columns]</c>, the number of the nearest row of the table <c>[tableRows, columns]</c>
    /// by squared Euclidean distance; on a tie, the lowest number.
    /// </summary>
    public abstract void NearestRows(
        Storage x, int rows, Storage table, int tableRows, int columns, Span<int> nearest);

    /// <summary>Copies row <c>indices[i]</c> of the table to row i of y <c>[indices, columns]</c>.</summary>
    public abstract void GatherRows(Storage table, int columns, ReadOnlySpan<int> indices, Storage y);

    /// <summary>
    /// Adds row i of x to row <c>indices[i]</c> of the table <c>[tableRows, columns]</c>, in the order of i and in
    /// float32; without accumulate the table is cleared first. (The sum of 16,384 rows into one row of the table has a
    /// relative error of 2e-6, of 32 rows 1e-7.)
    /// </summary>
    public abstract void ScatterAddRows(
        Storage x, int columns, ReadOnlySpan<int> indices, Storage table, bool accumulate);

    /// <summary>
    /// Counts how often each number from 0 to <c>counts.Length - 1</c> is among the indices; exact up to 2^24.
    /// </summary>
    public abstract void CountIndices(ReadOnlySpan<int> indices, Storage counts);

    /// <summary>
    /// <c>average = decay * average + (1 - decay) * value</c>, element by element; 1 - decay is computed in double
    /// precision, then rounded to float32.
    /// </summary>
    public abstract void MoveAverage(Storage average, Storage value, double decay);

    /// <summary>Sets row i of y <c>[rows, columns]</c> to row i of x divided by <c>divisors[i]</c>.</summary>
    public abstract void DivideRows(Storage x, Storage divisors, int columns, Storage y);

    /// <summary>
    /// Sets row i of y <c>[rows, columns]</c> to row i of x divided by the larger of its length and 1e-12.
    /// </summary>
    public abstract void NormalizeRows(Storage x, int columns, Storage y);

    /// <summary>
    /// The gradient of <see cref="NormalizeRows"/>: with y the normalized row,
    /// <c>gradX = (gradY - y (y . gradY)) / max(|x|, 1e-12)</c>.
    /// </summary>
    public abstract void NormalizeRowsGradient(Storage x, Storage gradY, int columns, Storage gradX, bool accumulate);

    /// <summary>
    /// For each row, with ^ for unit vectors and <c>r = (y^ + x^) / |y^ + x^|</c>:
    /// <c>gradX = |y| / |x| * (gradY - 2 r (r . gradY) + 2 x^ (y^ . gradY))</c>, the gradient through the rotation and
    /// the scale that move x to y. Where x or y is shorter than 1e-12, or <c>|y^ + x^|</c> is below 1e-6,
    /// <c>gradX = gradY</c>.
    /// </summary>
    public abstract void RotationGradient(
        Storage x, Storage y, Storage gradY, int columns, Storage gradX, bool accumulate);

    /// <summary>
    /// Replaces each matrix x <c>[rows, columns]</c> by the result of the Newton-Schulz iteration, in the quintic form
    /// of Jordan et al. 2024 ("Muon"): from <c>Y = x / max(|x|, 1e-7)</c>, where |x| is the square root of the sum of
    /// squares, five times <c>Y := 3.4445 Y - 4.7750 (Y Y^T) Y + 2.0315 (Y Y^T)^2 Y</c>. The result is close to the
    /// nearest matrix with orthonormal rows (or columns, if there are fewer columns): singular values of x above
    /// <c>|x| / 500</c> become 0.7 to 1.2, smaller ones are multiplied by up to <c>3.4445^5 / |x|</c>. If an element of
    /// x is not finite, no element of its result is. The result of each matrix is independent of the others; matrices
    /// must not overlap.
    /// </summary>
    public abstract void Orthogonalize(IReadOnlyList<(Storage X, int Columns)> matrices);

    /// <summary>One step of Adam on one parameter (formula: <see cref="AdamStep"/>).</summary>
    public abstract void Adam(
        in AdamStep numbers, Storage parameter, Storage gradient, Storage firstMoment, Storage secondMoment);

    /// <summary>A used or new buffer, not cleared. Give it back with <see cref="Return"/>.</summary>
    internal Storage Rent(int length) => _pool.Rent(length);

    /// <summary>Gives a rented buffer back; nothing may read it afterwards.</summary>
    internal void Return(Storage storage) => _pool.Return(storage);
}
