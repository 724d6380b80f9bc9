using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Primitives whose elements do not know each other.
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void Fill(Storage<float> destination, float value) =>
        _launcher.ForEach(destination.Length, new ElementKernels.Fill(View(destination), value));

    /// <inheritdoc/>
    public override void CopyIndices(Storage<int> x, Storage<int> y) =>
        _launcher.ForEach(x.Length, new ElementKernels.CopyIndices(View(x), View(y)));

    /// <inheritdoc/>
    public override void Relu(Storage<float> x, Storage<float> y) =>
        _launcher.ForEach(x.Length, new ElementKernels.Relu(View(x), View(y)));

    /// <inheritdoc/>
    public override void ReluGradient(Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEach(
            y.Length, new ElementKernels.ReluGradient(View(y), View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void Gelu(Storage<float> x, Storage<float> y) =>
        _launcher.ForEach(x.Length, new ElementKernels.Gelu(View(x), View(y)));

    /// <inheritdoc/>
    public override void GeluGradient(Storage<float> x, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEach(
            x.Length, new ElementKernels.GeluGradient(View(x), View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z) =>
        _launcher.ForEach(x.Length, new ElementKernels.Add(View(x), View(y), View(z)));

    /// <inheritdoc/>
    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate) =>
        _launcher.ForEach(x.Length, new ElementKernels.Scale(View(x), Read(scale), View(y), Flag(accumulate)));

    /// <inheritdoc/>
    public override void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add) =>
        _launcher.ForEach(
            average.Length, new ElementKernels.MoveAverage(View(average), View(value), Read(keep), Read(add)));

    /// <inheritdoc/>
    public override void SquaredErrorGradients(
        Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide)
    {
        Side(x, y, xSide);
        Side(y, x, ySide);

        void Side(Storage<float> of, Storage<float> other, in SquaredErrorSide side)
        {
            if (side.Gradient is null) return;
            _launcher.ForEach(
                of.Length,
                new ElementKernels.SquaredErrorGradient(
                    View(of), View(other), View(upstream), side.Weight, View(side.Gradient), Flag(side.Accumulate)));
        }
    }

    /// <inheritdoc/>
    public override void Adam(
        in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment) =>
        _launcher.ForEach(
            parameter.Length,
            new ElementKernels.Adam(
                View(parameter), View(gradient), View(firstMoment), View(secondMoment),
                numbers.Beta1, numbers.FirstRest, numbers.Beta2, numbers.SecondRest, numbers.Epsilon,
                Read(numbers.StepSize), Read(numbers.SecondCorrection), Read(numbers.ParameterDecay)));

    /// <inheritdoc/>
    public override void Dropout(in DropoutMask mask, Storage<float> x, Storage<float> y, bool accumulate) =>
        _launcher.ForEach(
            RandomKernels.Blocks(mask.First, x.Length),
            new RandomKernels.Dropout(
                View(x), View(y), mask.Rate, 1 / (1 - mask.Rate), mask.Seed, mask.Stream, View(mask.Update),
                mask.First, Flag(accumulate)));

    /// <inheritdoc/>
    public override void GatherImages(
        Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y) =>
        _launcher.ForEach(
            y.Length,
            new GatherKernels.Images(
                View(images), layout.Width, layout.Channels, layout.Length, View(numbers), View(y)));

    /// <inheritdoc/>
    public override void GatherSequences(
        Storage<int> sequences, int length, Storage<int> numbers, Storage<int> firsts, Storage<int> inputs,
        Storage<int> targets) =>
        _launcher.ForEach(
            inputs.Length,
            new GatherKernels.Sequences(
                View(sequences), length, View(numbers), View(firsts), View(inputs), View(targets)));
}
