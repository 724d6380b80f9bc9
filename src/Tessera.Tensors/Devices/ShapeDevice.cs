namespace Tessera.Tensors.Devices;

/// <summary>
/// A device without memory that computes nothing: for what follows from a model's shapes alone, such as its cost or its
/// graph. A derived device overrides the primitives that it wants to see. Values read from it are 0.
/// </summary>
public partial class ShapeDevice : Device
{
    /// <inheritdoc/>
    public override string Description => "shapes only";

    /// <inheritdoc/>
    public override Storage<T> Allocate<T>(int length) => new ShapeStorage<T>(length);

    /// <inheritdoc/>
    public override Storage<T> Share<T>(Memory<T> values) => Allocate<T>(values.Length);

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination)
    {
    }

    /// <inheritdoc/>
    public override void Download<T>(Storage<T> source, Span<T> destination) => destination.Clear();

    /// <inheritdoc/>
    public override void Fill(Storage<float> destination, float value) =>
        Skip(nameof(Fill));

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) =>
        Skip(nameof(Conv2d));

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x) =>
        Skip(nameof(Conv2dTransposed));

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias) =>
        Skip(nameof(Conv2dWeightGradient));

    /// <inheritdoc/>
    public override void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate) =>
        Skip(nameof(ColumnSums));

    /// <inheritdoc/>
    public override void Relu(Storage<float> x, Storage<float> y) =>
        Skip(nameof(Relu));

    /// <inheritdoc/>
    public override void ReluGradient(Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(ReluGradient));

    /// <inheritdoc/>
    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z) =>
        Skip(nameof(Add));

    /// <inheritdoc/>
    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate) =>
        Skip(nameof(Scale));

    /// <inheritdoc/>
    public override void MeanSquaredDifference(
        Storage<float> x, Storage<float> y, float weight, Storage<float> result) =>
        Skip(nameof(MeanSquaredDifference));

    /// <inheritdoc/>
    public override void SquaredErrorGradients(
        Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide) =>
        Skip(nameof(SquaredErrorGradients));

    /// <inheritdoc/>
    public override void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm) =>
        Skip(nameof(ClipByNorm));

    /// <inheritdoc/>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest) =>
        Skip(nameof(NearestRows));

    /// <inheritdoc/>
    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y) =>
        Skip(nameof(GatherRows));

    /// <inheritdoc/>
    public override void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table) =>
        Skip(nameof(ScatterRows));

    /// <inheritdoc/>
    public override void ScatterAddRows(
        Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate) =>
        Skip(nameof(ScatterAddRows));

    /// <inheritdoc/>
    public override void CountIndices(Storage<int> indices, Storage<float> counts) =>
        Skip(nameof(CountIndices));

    /// <inheritdoc/>
    public override void Perplexity(Storage<float> counts, Storage<float> result) =>
        Skip(nameof(Perplexity));

    /// <inheritdoc/>
    public override void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed) =>
        Skip(nameof(SmoothSizes));

    /// <inheritdoc/>
    public override void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add) =>
        Skip(nameof(MoveAverage));

    /// <inheritdoc/>
    public override void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y) =>
        Skip(nameof(DivideRows));

    /// <inheritdoc/>
    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y) =>
        Skip(nameof(NormalizeRows));

    /// <inheritdoc/>
    public override void NormalizeRowsGradient(
        Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(NormalizeRowsGradient));

    /// <inheritdoc/>
    public override void RotationGradient(
        Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(RotationGradient));

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices) =>
        Skip(nameof(Orthogonalize));

    /// <inheritdoc/>
    public override void Adam(
        in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment) =>
        Skip(nameof(Adam));

    /// <inheritdoc/>
    public override void CopyIndices(Storage<int> x, Storage<int> y) => Skip(nameof(CopyIndices));

    /// <inheritdoc/>
    public override void GatherImages(
        Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y) =>
        Skip(nameof(GatherImages));

    /// <inheritdoc/>
    public override void Gelu(Storage<float> x, Storage<float> y) =>
        Skip(nameof(Gelu));

    /// <inheritdoc/>
    public override void GeluGradient(Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(GeluGradient));

    /// <inheritdoc/>
    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics) =>
        Skip(nameof(LayerNorm));

    /// <inheritdoc/>
    public override void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias) =>
        Skip(nameof(LayerNormGradient));

    /// <inheritdoc/>
    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) =>
        Skip(nameof(Attention));

    /// <inheritdoc/>
    public override void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections) =>
        Skip(nameof(AttentionGradient));

    /// <inheritdoc/>
    public override void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums) =>
        Skip(nameof(CrossEntropy));

    /// <inheritdoc/>
    public override void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate) =>
        Skip(nameof(CrossEntropyGradient));

    /// <inheritdoc/>
    public override void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate) =>
        Skip(nameof(Dropout));

    /// <inheritdoc/>
    public override void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets) =>
        Skip(nameof(GatherSequences));

    /// <summary>Called for every primitive that is not overridden.</summary>
    /// <param name="primitive">Its name.</param>
    protected virtual void Skip(string primitive)
    {
    }

    private sealed class ShapeStorage<T>(int length) : Storage<T>(length) where T : unmanaged
    {
        public override Storage<T> Slice(int start, int length) => new ShapeStorage<T>(length);

        public override void Dispose()
        {
        }
    }
}
