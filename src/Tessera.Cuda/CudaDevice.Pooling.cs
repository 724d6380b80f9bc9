using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

// Pooling, distances of unit vectors, products and quotients.
public sealed partial class CudaDevice
{
    /// <inheritdoc/>
    public override void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        _launcher.ForEach(y.Length, new PoolKernels.Max(geometry, View(x), View(y)));

    /// <inheritdoc/>
    public override void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        _launcher.ForEach(
            x.Length,
            new PoolKernels.MaxGradient(geometry, View(x), View(y), View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        _launcher.ForEach(y.Length, new PoolKernels.Average(geometry, View(x), View(y)));

    /// <inheritdoc/>
    public override void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _launcher.ForEach(
            gradX.Length,
            new PoolKernels.AverageGradient(geometry, View(gradY), View(gradX), Flag(accumulate)));

    /// <inheritdoc/>
    public override void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result)
    {
        int rows = x.Length / columns;
        Storage<float> distances = Rent(rows);
        _launcher.ForEachWarp(rows, new NormKernels.UnitDistance(View(x), View(y), columns, View(distances)));
        Sum(rows, new SumKernels.Plain(View(distances)), new SumKernels.WriteMean(View(result), 1, rows));
        Return(distances);
    }

    /// <inheritdoc/>
    public override void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate) =>
        _launcher.ForEachWarp(
            x.Length / columns,
            new NormKernels.UnitDistanceGradient(
                View(x), View(y), columns, View(upstream), View(gradY), Flag(accumulate)));

    /// <inheritdoc/>
    public override void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate) =>
        _launcher.ForEach(
            x.Length, new ElementKernels.Multiply(View(x), View(y), scale, View(z), Flag(accumulate)));

    /// <inheritdoc/>
    public override void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate) =>
        _launcher.ForEach(x.Length, new ElementKernels.Divide(View(x), View(y), View(z), Flag(accumulate)));
}
