using Tessera.Tensors.Devices;

namespace Tessera.Tests.Runs;

internal sealed partial class RecordingDevice
{
    public override void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y)
    {
        Note([geometry, x, y]);
        base.MaxPool(geometry, x, y);
    }

    public override void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate)
    {
        Note([geometry, x, y, gradY, gradX, accumulate]);
        base.MaxPoolGradient(geometry, x, y, gradY, gradX, accumulate);
    }

    public override void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y)
    {
        Note([geometry, x, y]);
        base.AveragePool(geometry, x, y);
    }

    public override void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate)
    {
        Note([geometry, gradY, gradX, accumulate]);
        base.AveragePoolGradient(geometry, gradY, gradX, accumulate);
    }

    public override void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result)
    {
        Note([x, y, columns, result]);
        base.UnitRowDistance(x, y, columns, result);
    }

    public override void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate)
    {
        Note([x, y, columns, upstream, gradY, accumulate]);
        base.UnitRowDistanceGradient(x, y, columns, upstream, gradY, accumulate);
    }

    public override void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate)
    {
        Note([x, y, scale, z, accumulate]);
        base.Multiply(x, y, scale, z, accumulate);
    }

    public override void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate)
    {
        Note([x, y, z, accumulate]);
        base.Divide(x, y, z, accumulate);
    }
}
