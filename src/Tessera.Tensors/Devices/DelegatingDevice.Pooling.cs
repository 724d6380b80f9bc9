namespace Tessera.Tensors.Devices;

public abstract partial class DelegatingDevice
{
    /// <inheritdoc/>
    public override void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        Inner.MaxPool(geometry, x, y);

    /// <inheritdoc/>
    public override void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        Inner.MaxPoolGradient(geometry, x, y, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        Inner.AveragePool(geometry, x, y);

    /// <inheritdoc/>
    public override void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Inner.AveragePoolGradient(geometry, gradY, gradX, accumulate);

    /// <inheritdoc/>
    public override void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result) =>
        Inner.UnitRowDistance(x, y, columns, result);

    /// <inheritdoc/>
    public override void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate) =>
        Inner.UnitRowDistanceGradient(x, y, columns, upstream, gradY, accumulate);

    /// <inheritdoc/>
    public override void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate) =>
        Inner.Multiply(x, y, scale, z, accumulate);

    /// <inheritdoc/>
    public override void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate) =>
        Inner.Divide(x, y, z, accumulate);
}
