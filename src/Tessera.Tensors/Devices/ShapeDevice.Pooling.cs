namespace Tessera.Tensors.Devices;

public partial class ShapeDevice
{
    /// <inheritdoc/>
    public override void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        Skip(nameof(MaxPool));

    /// <inheritdoc/>
    public override void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate) =>
        Skip(nameof(MaxPoolGradient));

    /// <inheritdoc/>
    public override void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y) =>
        Skip(nameof(AveragePool));

    /// <inheritdoc/>
    public override void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        Skip(nameof(AveragePoolGradient));

    /// <inheritdoc/>
    public override void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result) =>
        Skip(nameof(UnitRowDistance));

    /// <inheritdoc/>
    public override void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate) =>
        Skip(nameof(UnitRowDistanceGradient));

    /// <inheritdoc/>
    public override void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate) =>
        Skip(nameof(Multiply));

    /// <inheritdoc/>
    public override void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate) =>
        Skip(nameof(Divide));
}
