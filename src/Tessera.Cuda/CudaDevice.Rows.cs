using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Primitives over the rows of a matrix.
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y) =>
        _launcher.ForEach(
            indices.Length * columns, new RowKernels.Gather(View(table), columns, View(indices), View(y)));

    /// <inheritdoc/>
    public override void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table) =>
        _launcher.ForEach(
            indices.Length * columns, new RowKernels.Scatter(View(x), columns, View(indices), View(table)));

    /// <inheritdoc/>
    public override void ScatterAddRows(
        Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate) =>
        _launcher.ForEachWarp(
            table.Length / columns,
            new RowKernels.ScatterAdd(View(x), columns, View(indices), View(table), Flag(accumulate)));

    /// <inheritdoc/>
    public override void CountIndices(Storage<int> indices, Storage<float> counts) =>
        _launcher.ForEachWarp(counts.Length, new RowKernels.Count(View(indices), View(counts)));

    /// <inheritdoc/>
    public override void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y) =>
        _launcher.ForEach(x.Length, new RowKernels.Divide(View(x), View(divisors), columns, View(y)));

    /// <inheritdoc/>
    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y) =>
        _launcher.ForEachWarp(x.Length / columns, new NormKernels.Normalize(View(x), columns, View(y)));

    /// <inheritdoc/>
    public override void NormalizeRowsGradient(
        Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEachWarp(
            x.Length / columns,
            new NormKernels.NormalizeGradient(View(x), View(gradY), columns, View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void RotationGradient(
        Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEachWarp(
            x.Length / columns,
            new NormKernels.RotationGradient(View(x), View(y), View(gradY), columns, View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics) =>
        _launcher.ForEachWarp(
            x.Length / columns,
            new LayerNormKernels.Forward(View(x), View(gain), View(bias), columns, View(y), View(statistics)));

    /// <inheritdoc/>
    public override void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias)
    {
        int rows = x.Length / columns;
        // The sums first: gradX may be gradY.
        SumColumns(
            new ColumnKernels.GainTerms(View(x), View(statistics), View(gradY), columns), rows, columns, gradGain,
            accumulateGain);
        ColumnSums(gradY, rows, columns, gradBias, accumulateBias);
        _launcher.ForEachWarp(
            rows,
            new LayerNormKernels.Gradient(
                View(x), View(gain), View(statistics), View(gradY), columns, View(gradX), Flag(accumulate)));
    }

    /// <inheritdoc/>
    public override void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums) =>
        _launcher.ForEachWarp(
            targets.Length,
            new CrossEntropyKernels.Forward(View(logits), columns, View(targets), View(losses), View(logSums)));

    /// <inheritdoc/>
    public override void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate) =>
        _launcher.ForEach(
            logits.Length,
            new CrossEntropyKernels.Gradient(
                View(logits), columns, View(targets), View(logSums), View(upstream), View(gradLogits),
                Flag(accumulate)));
}
