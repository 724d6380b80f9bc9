namespace Tessera.Tensors.Devices;

/// <summary>
/// The one seam between operations and hardware: a few dozen primitives over <see cref="Storage{T}"/>.
/// </summary>
/// <remarks>
/// A primitive is enqueued, in order, and returns nothing: results are written to storages, a single number too. Host
/// and device meet in <see cref="Upload{T}"/> and <see cref="Download{T}"/> only. Operations check all sizes before the
/// call; a primitive does not check them again. A destination must not overlap a source, unless the primitive allows
/// it. With <c>accumulate</c> a primitive adds to the destination, else it overwrites it. The bits of every result
/// depend on the arguments alone, not on the number of threads.
/// </remarks>
public abstract partial class Device : IDisposable
{
    // Of the work that runs on this thread, if its buffers are its own.
    [ThreadStatic]
    private static BufferPools? _ownPools;

    private readonly BufferPools _pools;

    /// <summary>Creates the device with empty pools of buffers.</summary>
    protected Device() => _pools = new BufferPools(this);

    /// <summary>A description for users: "cpu, 2 threads, vector256 kernels".</summary>
    public abstract string Description { get; }

    /// <summary>What the bits of its results depend on: two devices with the same text give the same.</summary>
    public virtual string Arithmetic => Description;

    /// <summary>The processor threads that the device computes with; 0 for other hardware.</summary>
    public virtual int Threads => 0;

    /// <summary>The bytes of memory that the device has; null where that is the computer's own.</summary>
    public virtual long? Memory => null;

    /// <summary>Allocates new memory, not cleared. The caller disposes it.</summary>
    /// <typeparam name="T"><see cref="float"/>, <see cref="int"/> or <see cref="byte"/>.</typeparam>
    /// <exception cref="InsufficientMemoryException">The device's own memory is used up.</exception>
    public abstract Storage<T> Allocate<T>(int length) where T : unmanaged;

    /// <summary>
    /// A storage with the values of host memory, which must not change while it is used: over that memory where the
    /// device can read it, else a copy.
    /// </summary>
    public virtual Storage<T> Share<T>(Memory<T> values) where T : unmanaged
    {
        Storage<T> storage = Allocate<T>(values.Length);
        Upload<T>(values.Span, storage);
        return storage;
    }

    /// <summary>Copies from host memory to the device, after all work enqueued before.</summary>
    public abstract void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination) where T : unmanaged;

    /// <summary>Waits for all work enqueued before, then copies from the device to host memory.</summary>
    public abstract void Download<T>(Storage<T> source, Span<T> destination) where T : unmanaged;

    /// <summary>
    /// Runs work that neither uploads nor downloads and enqueues the same primitives on the same storages each time. A
    /// device may record one of the first runs of a delegate and replay it afterwards without calling the delegate
    /// again; the processor calls it.
    /// </summary>
    /// <remarks>
    /// A replay writes to every buffer that the recorded run rented, those that it gave back too. So a device that
    /// records gives the work buffers that nobody else gets, until <see cref="Forget"/>.
    /// </remarks>
    /// <param name="work">The work: the same delegate object each time.</param>
    /// <param name="owner">
    /// Whose work it is; null for its own. Work of one owner shares its buffers: what one piece leaves in a buffer that
    /// it gave back is lost with the next piece.
    /// </param>
    public virtual void Submit(Action work, object? owner = null) => work();

    /// <summary>
    /// Drops what <see cref="Submit"/> recorded of an owner and frees its buffers; those of its tapes when they are
    /// reset. Does nothing if nothing was recorded.
    /// </summary>
    /// <param name="owner">The owner of the work, or the work itself.</param>
    public void Forget(object owner) => ForgetSubmitted(owner);

    /// <summary>
    /// How a convolution and its gradients are computed, and why, as text for users; null if unknown.
    /// </summary>
    /// <param name="geometry">The convolution; for a transposed convolution, the one that it transposes.</param>
    public virtual string? Explain(in Conv2dGeometry geometry) => null;

    /// <summary>
    /// Frees the buffers that are kept for reuse and not in use: after work on images of sizes that do not come again.
    /// </summary>
    public void Trim()
    {
        ForgetSubmitted(owner: null);
        _pools.Clear();
    }

    /// <summary>
    /// Waits for all work enqueued before, drops what <see cref="Submit"/> recorded and frees its buffers.
    /// </summary>
    /// <param name="owner">The owner of the work; null for all work.</param>
    protected internal virtual void ForgetSubmitted(object? owner)
    {
    }

    private BufferPools Pools => _ownPools is { } own && own.Device == this ? own : _pools;

    /// <summary>Frees the pooled buffers and ends the device's threads.</summary>
    public virtual void Dispose()
    {
        Trim();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public abstract void Fill(Storage<float> destination, float value);

    /// <summary>
    /// The convolution of <paramref name="x"/> (formula: <see cref="Conv2dGeometry"/>), followed by the epilogue; the
    /// epilogue's bias has OutChannels elements.
    /// </summary>
    public abstract void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y);

    /// <summary>
    /// The transpose of <see cref="Conv2d"/> as a linear map: from the convolution's output side to its input side,
    /// <c>x[n,h,w,c] = sum over o,u,v of w[o,c,u,v] * y[n,i,j,o]</c> for all i, j with
    /// <c>i*Stride + u - Padding = h</c> and likewise for w; the epilogue's bias has InChannels elements. This is the
    /// input gradient of a convolution and the forward pass of a transposed convolution.
    /// </summary>
    public abstract void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x);

    /// <summary>
    /// The weight gradient of <see cref="Conv2d"/> for input x and upstream gradient gradY. If
    /// <paramref name="gradBias"/> is not null, it receives the bias gradient: for each of the OutChannels, the sum of
    /// gradY over all pixels.
    /// </summary>
    public abstract void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight, bool accumulate,
        Storage<float>? gradBias, bool accumulateBias);

    /// <summary>The sum of each column of a matrix <c>[rows, columns]</c>: a bias gradient.</summary>
    public abstract void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate);

    /// <summary><c>y = max(x, 0)</c>; NaN stays NaN.</summary>
    public abstract void Relu(Storage<float> x, Storage<float> y);

    /// <summary><c>gradX = gradY where y &gt; 0, else 0</c>, from the output y of <see cref="Relu"/>; gradX may be
    /// gradY.</summary>
    public abstract void ReluGradient(Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// <c>z = x + y</c>, element by element; a y with fewer elements, a divisor of those of x, is repeated.
    /// </summary>
    public abstract void Add(Storage<float> x, Storage<float> y, Storage<float> z);

    /// <summary><c>y = scale * x</c>, element by element; y may be x.</summary>
    public abstract void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate);

    /// <summary>
    /// <c>result[0] = weight * sum of (x - y)^2 / n</c> over all n elements. Each device sums in fixed blocks and adds
    /// the blocks' sums in order, in double precision; only the result is rounded to float32.
    /// </summary>
    public abstract void MeanSquaredDifference(Storage<float> x, Storage<float> y, float weight, Storage<float> result);

    /// <summary>
    /// The gradients of <see cref="MeanSquaredDifference"/>, in one pass: with <c>s = upstream[0] * 2 / n</c>,
    /// <c>gradX = xWeight * s * (x - y)</c> and <c>gradY = yWeight * s * (y - x)</c>, for each side that has a
    /// destination.
    /// </summary>
    public abstract void SquaredErrorGradients(
        Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide);

    /// <summary>
    /// Scales tensors, taken as one vector g, down to a length: <c>g *= min(1, maxNorm / (|g| + 1e-6))</c>, and writes
    /// |g| from before to <c>norm[0]</c>. The norm is summed in double precision and finite if all elements are. If it
    /// is not finite, nothing is scaled.
    /// </summary>
    public abstract void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm);

    /// <summary>
    /// For each row of x <c>[rows, columns]</c>, the number of the nearest row of the table <c>[tableRows, columns]</c>
    /// by squared Euclidean distance; on a tie, the lowest number.
    /// </summary>
    public abstract void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest);

    /// <summary>Copies row <c>indices[i]</c> of the table to row i of y <c>[indices, columns]</c>.</summary>
    public abstract void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y);

    /// <summary>
    /// Copies row i of x <c>[indices, columns]</c> to row <c>indices[i]</c> of the table; the indices differ from each
    /// other.
    /// </summary>
    public abstract void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table);

    /// <summary>
    /// Adds row i of x to row <c>indices[i]</c> of the table <c>[tableRows, columns]</c>, in the order of i and in
    /// float32; without accumulate the table is cleared first. (The sum of 16,384 rows into one row of the table has a
    /// relative error of 2e-6, of 32 rows 1e-7.)
    /// </summary>
    public abstract void ScatterAddRows(
        Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate);

    /// <summary>
    /// Counts how often each number from 0 to <c>counts.Length - 1</c> is among the indices; exact up to 2^24.
    /// </summary>
    public abstract void CountIndices(Storage<int> indices, Storage<float> counts);

    /// <summary>
    /// The perplexity of counts and the number of them that are not 0: with <c>p = counts / sum of counts</c>,
    /// <c>result[0] = exp(-sum of p log(p + 1e-10))</c> and <c>result[1]</c> is that number; in double precision, then
    /// rounded to float32.
    /// </summary>
    public abstract void Perplexity(Storage<float> counts, Storage<float> result);

    /// <summary>
    /// Laplace smoothing (additive smoothing) of K sizes with the sum n, in double precision:
    /// <c>smoothed = (sizes + epsilon) / (n + K epsilon) * n</c>; smoothed may be sizes.
    /// </summary>
    public abstract void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed);

    /// <summary>
    /// <c>average = keep * average + add * value</c>, element by element; for a running average <c>add = 1 - keep</c>.
    /// </summary>
    public abstract void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add);

    /// <summary>
    /// Sets row i of y <c>[rows, columns]</c> to row i of x divided by <c>divisors[i]</c>; a row with the divisor 0
    /// keeps its values. y may be x.
    /// </summary>
    public abstract void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y);

    /// <summary>
    /// Sets row i of y <c>[rows, columns]</c> to row i of x divided by the larger of its length and 1e-12.
    /// </summary>
    public abstract void NormalizeRows(Storage<float> x, int columns, Storage<float> y);

    /// <summary>
    /// The gradient of <see cref="NormalizeRows"/>: with y the normalized row,
    /// <c>gradX = (gradY - y (y . gradY)) / max(|x|, 1e-12)</c>.
    /// </summary>
    public abstract void NormalizeRowsGradient(
        Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// For each row, with ^ for unit vectors and <c>r = (y^ + x^) / |y^ + x^|</c>:
    /// <c>gradX = |y| / |x| * (gradY - 2 r (r . gradY) + 2 x^ (y^ . gradY))</c>, the gradient through the rotation and
    /// the scale that move x to y. Where x or y is shorter than 1e-12, or <c>|y^ + x^|</c> is below 1e-6,
    /// <c>gradX = gradY</c>.
    /// </summary>
    public abstract void RotationGradient(
        Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// Replaces each matrix x <c>[rows, columns]</c> by the result of the Newton-Schulz iteration, in the quintic form
    /// of Jordan et al. 2024 ("Muon"): from <c>Y = x / max(|x|, 1e-7)</c>, where |x| is the square root of the sum of
    /// squares, five times <c>Y := 3.4445 Y - 4.7750 (Y Y^T) Y + 2.0315 (Y Y^T)^2 Y</c>. The result is close to the
    /// nearest matrix with orthonormal rows (or columns, if there are fewer columns): singular values of x above
    /// <c>|x| / 500</c> become 0.7 to 1.2, smaller ones are multiplied by up to <c>3.4445^5 / |x|</c>. If an element of
    /// x is not finite, no element of its result is. The result of each matrix is independent of the others; matrices
    /// must not overlap.
    /// </summary>
    public abstract void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices);

    /// <summary>One step of Adam on one parameter (formula: <see cref="AdamStep"/>).</summary>
    public abstract void Adam(
        in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment);

    /// <summary>
    /// A batch of images, taken from n, as floats: image i of y is the image number <c>numbers[i]</c>, each byte b as
    /// <c>b / 255 - 0.5</c>; the numbers n to 2n - 1 stand for images 0 to n - 1 mirrored left to right.
    /// </summary>
    public abstract void GatherImages(
        Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y);

    /// <summary>Copies all indices.</summary>
    public abstract void CopyIndices(Storage<int> x, Storage<int> y);

    /// <summary>Copies all elements.</summary>
    public void Copy(Storage<float> x, Storage<float> y) => Scale(x, 1, y, accumulate: false);

    /// <summary>A used or new buffer, not cleared. Give it back with <see cref="Return(Storage{float})"/>.</summary>
    internal Storage<float> Rent(int length) => Pools.Floats.Rent(length);

    /// <summary>Gives a rented buffer back; nothing may read it afterwards.</summary>
    internal void Return(Storage<float> storage) =>
        (storage.Pool ?? _pools.Floats).Return(storage);

    /// <summary>A used or new buffer of indices. Give it back with <see cref="Return(Storage{int})"/>.</summary>
    internal Storage<int> RentIndices(int length) => Pools.Indices.Rent(length);

    /// <summary>Gives a rented buffer back; nothing may read it afterwards.</summary>
    internal void Return(Storage<int> storage) => (storage.Pool ?? _pools.Indices).Return(storage);

    /// <summary>Runs work on this thread that rents from other pools of this device.</summary>
    internal static void Run(Action work, BufferPools pools)
    {
        BufferPools? before = _ownPools;
        _ownPools = pools;
        try
        {
            work();
        }
        finally
        {
            _ownPools = before;
        }
    }
}
