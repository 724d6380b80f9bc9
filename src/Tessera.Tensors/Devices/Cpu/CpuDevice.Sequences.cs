using Tessera.Tensors.Random;

namespace Tessera.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Gelu(Storage<float> x, Storage<float> y) =>
        _kernels.Gelu(Span(x), Span(y));

    /// <inheritdoc/>
    public override void GeluGradient(Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _kernels.GeluGradient(Span(x), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void LayerNorm(
        Storage<float> x, Storage<float> gain, Storage<float> bias, int columns, Storage<float> y,
        Storage<float> statistics) =>
        _kernels.LayerNorm(Span(x), Span(gain), Span(bias), columns, Span(y), Span(statistics));

    /// <inheritdoc/>
    public override void LayerNormGradient(
        Storage<float> x, Storage<float> gain, Storage<float> statistics, Storage<float> gradY, int columns,
        Storage<float> gradX, bool accumulate, Storage<float> gradGain, bool accumulateGain, Storage<float> gradBias,
        bool accumulateBias) =>
        _kernels.LayerNormGradient(
            Span(x), Span(gain), Span(statistics), Span(gradY), columns, Span(gradX), accumulate, Span(gradGain),
            accumulateGain, Span(gradBias), accumulateBias);

    /// <inheritdoc/>
    public override void Attention(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums) =>
        _kernels.Attention(geometry, Span(projections), Span(y), Span(logSums));

    /// <inheritdoc/>
    public override void AttentionGradient(
        in AttentionGeometry geometry, Storage<float> projections, Storage<float> y, Storage<float> logSums,
        Storage<float> gradY, Storage<float> gradProjections) =>
        _kernels.AttentionGradient(
            geometry, Span(projections), Span(y), Span(logSums), Span(gradY), Span(gradProjections));

    /// <inheritdoc/>
    public override void CrossEntropy(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> losses, Storage<float> logSums) =>
        _kernels.CrossEntropy(Span(logits), columns, Span(targets), Span(losses), Span(logSums));

    /// <inheritdoc/>
    public override void CrossEntropyGradient(
        Storage<float> logits, int columns, Storage<int> targets, Storage<float> logSums, Storage<float> upstream,
        Storage<float> gradLogits, bool accumulate) =>
        _kernels.CrossEntropyGradient(
            Span(logits), columns, Span(targets), Span(logSums), Span(upstream)[0], Span(gradLogits), accumulate);

    /// <inheritdoc/>
    public override void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate) =>
        _kernels.Dropout(
            mask.Rate, new CounterRandom(mask.Seed, mask.Stream + (ulong)Span(mask.Update)[0]), mask.First, Span(x),
            Span(y), accumulate);

    /// <inheritdoc/>
    public override void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets) =>
        _kernels.GatherSequences(Span(sequences), length, Span(numbers), Span(firsts), Span(inputs), Span(targets));
}
