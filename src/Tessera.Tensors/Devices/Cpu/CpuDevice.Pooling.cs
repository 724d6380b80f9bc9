namespace Tessera.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        _kernels.MaxPool(geometry, Span(x), Span(y));

    /// <inheritdoc/>
    public override void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        _kernels.MaxPoolGradient(geometry, Span(x), Span(y), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        _kernels.AveragePool(geometry, Span(x), Span(y));

    /// <inheritdoc/>
    public override void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _kernels.AveragePoolGradient(geometry, Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result) =>
        Span(result)[0] = (float)(_kernels.SumOfUnitRowDistances(Span(x), Span(y), columns) / (x.Length / columns));

    /// <inheritdoc/>
    public override void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate) =>
        _kernels.UnitRowDistanceGradient(
            Span(x), Span(y), columns, Span(upstream)[0] * 2 / (x.Length / columns), Span(gradY), accumulate);

    /// <inheritdoc/>
    public override void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate) =>
        _kernels.Multiply(Span(x), Span(y), scale, Span(z), accumulate);

    /// <inheritdoc/>
    public override void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate) =>
        _kernels.Divide(Span(x), Span(y), Span(z), accumulate);
}
