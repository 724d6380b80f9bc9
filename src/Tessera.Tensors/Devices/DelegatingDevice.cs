namespace Tessera.Tensors.Devices;

/// <summary>
/// Passes every call on to another device, as a DelegatingHandler does for HTTP: override what is to be
/// counted, timed or checked. Storages are those of the inner device, which this device does not dispose.
/// </summary>
/// <param name="inner">The device that does the work.</param>
public abstract partial class DelegatingDevice(Device inner) : Device
{
    /// <summary>The device that does the work.</summary>
    protected Device Inner { get; } = inner;

    /// <inheritdoc/>
    public override string Description => Inner.Description;

    /// <inheritdoc/>
    public override string Arithmetic => Inner.Arithmetic;

    /// <inheritdoc/>
    public override int Threads => Inner.Threads;

    /// <inheritdoc/>
    public override long? Memory => Inner.Memory;

    /// <inheritdoc/>
    public override Storage<T> Allocate<T>(int length) => Inner.Allocate<T>(length);

    /// <inheritdoc/>
    public override Storage<T> Share<T>(Memory<T> values) => Inner.Share(values);

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination) =>
        Inner.Upload(source, destination);

    /// <inheritdoc/>
    public override void Download<T>(Storage<T> source, Span<T> destination) => Inner.Download(source, destination);

    /// <inheritdoc/>
    public override void Submit(Action work, object? owner = null) => Inner.Submit(work, owner);

    /// <inheritdoc/>
    protected internal override void ForgetSubmitted(object? owner) => Inner.ForgetSubmitted(owner);

    /// <inheritdoc/>
    public override string? Explain(in Conv2dGeometry geometry) => Inner.Explain(geometry);

    /// <inheritdoc/>
    public override void Fill(Storage<float> destination, float value) =>
        Inner.Fill(destination, value);

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) =>
        Inner.Conv2d(geometry, x, weight, epilogue, y);

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x) =>
        Inner.Conv2dTransposed(geometry, y, weight, epilogue, x);

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias) =>
        Inner.Conv2dWeightGradient(geometry, x, gradY, gradWeight, accumulate, gradBias, accumulateBias);

    /// <inheritdoc/>
    public override void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate) =>
        Inner.ColumnSums(x, rows, columns, sums, accumulate);

    /// <inheritdoc/>
    public override void Relu(Storage<float> x, Storage<float> y) =>
        Inner.Relu(x, y);

    /// <inheritdoc/>
    public override void ReluGradient(Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Inner.ReluGradient(y, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z) =>
        Inner.Add(x, y, z);

    /// <inheritdoc/>
    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate) =>
        Inner.Scale(x, scale, y, accumulate);

    /// <inheritdoc/>
    public override void MeanSquaredDifference(
        Storage<float> x, Storage<float> y, float weight, Storage<float> result) =>
        Inner.MeanSquaredDifference(x, y, weight, result);

    /// <inheritdoc/>
    public override void SquaredErrorGradients(
        Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide) =>
        Inner.SquaredErrorGradients(x, y, upstream, xSide, ySide);

    /// <inheritdoc/>
    public override void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm) =>
        Inner.ClipByNorm(tensors, maxNorm, norm);

    /// <inheritdoc/>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest) =>
        Inner.NearestRows(x, table, tableRows, columns, nearest);

    /// <inheritdoc/>
    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y) =>
        Inner.GatherRows(table, columns, indices, y);

    /// <inheritdoc/>
    public override void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table) =>
        Inner.ScatterRows(x, columns, indices, table);

    /// <inheritdoc/>
    public override void ScatterAddRows(
        Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate) =>
        Inner.ScatterAddRows(x, columns, indices, table, accumulate);

    /// <inheritdoc/>
    public override void CountIndices(Storage<int> indices, Storage<float> counts) =>
        Inner.CountIndices(indices, counts);

    /// <inheritdoc/>
    public override void Perplexity(Storage<float> counts, Storage<float> result) =>
        Inner.Perplexity(counts, result);

    /// <inheritdoc/>
    public override void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed) =>
        Inner.SmoothSizes(sizes, epsilon, smoothed);

    /// <inheritdoc/>
    public override void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add) =>
        Inner.MoveAverage(average, value, keep, add);

    /// <inheritdoc/>
    public override void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y) =>
        Inner.DivideRows(x, divisors, columns, y);

    /// <inheritdoc/>
    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y) =>
        Inner.NormalizeRows(x, columns, y);

    /// <inheritdoc/>
    public override void NormalizeRowsGradient(
        Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        Inner.NormalizeRowsGradient(x, gradY, columns, gradX, accumulate);

    /// <inheritdoc/>
    public override void RotationGradient(
        Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        Inner.RotationGradient(x, y, gradY, columns, gradX, accumulate);

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices) =>
        Inner.Orthogonalize(matrices);

    /// <inheritdoc/>
    public override void Adam(
        in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment) =>
        Inner.Adam(numbers, parameter, gradient, firstMoment, secondMoment);

    /// <inheritdoc/>
    public override void CopyIndices(Storage<int> x, Storage<int> y) => Inner.CopyIndices(x, y);

    /// <inheritdoc/>
    public override void GatherImages(
        Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y) =>
        Inner.GatherImages(images, layout, numbers, y);

    /// <inheritdoc/>
    public override void Gelu(Storage<float> x, Storage<float> y) =>
        Inner.Gelu(x, y);

    /// <inheritdoc/>
    public override void GeluGradient(Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Inner.GeluGradient(x, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics) =>
        Inner.LayerNorm(x, gain, bias, columns, y, statistics);

    /// <inheritdoc/>
    public override void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias) =>
        Inner.LayerNormGradient(
            x, gain, statistics, gradY, columns, gradX, accumulate, gradGain, accumulateGain,
            gradBias, accumulateBias);

    /// <inheritdoc/>
    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) =>
        Inner.Attention(geometry, projections, y, logSums);

    /// <inheritdoc/>
    public override void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections) =>
        Inner.AttentionGradient(geometry, projections, y, logSums, gradY, gradProjections);

    /// <inheritdoc/>
    public override void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums) =>
        Inner.CrossEntropy(logits, columns, targets, losses, logSums);

    /// <inheritdoc/>
    public override void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate) =>
        Inner.CrossEntropyGradient(logits, columns, targets, logSums, upstream, gradLogits, accumulate);

    /// <inheritdoc/>
    public override void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate) =>
        Inner.Dropout(mask, x, y, accumulate);

    /// <inheritdoc/>
    public override void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets) =>
        Inner.GatherSequences(sequences, length, numbers, firsts, inputs, targets);
}
