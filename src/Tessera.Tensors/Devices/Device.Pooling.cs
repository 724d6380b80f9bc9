namespace Tessera.Tensors.Devices;

// Pooling, distances of unit vectors, products and quotients: what a feature network and a structural similarity need.
public abstract partial class Device
{
    /// <summary>
    /// The largest value of each window (<see cref="PoolGeometry"/>), channel by channel. A window with NaN gives NaN
    /// or its largest number.
    /// </summary>
    public abstract void MaxPool(in PoolGeometry geometry, Storage<float> x, Storage<float> y);

    /// <summary>
    /// The gradient of <see cref="MaxPool"/> from its input x and output y: each window gives its gradY to the first of
    /// its places, row by row, whose value is the largest.
    /// </summary>
    public abstract void MaxPoolGradient(
        in PoolGeometry geometry, Storage<float> x, Storage<float> y, Storage<float> gradY, Storage<float> gradX,
        bool accumulate);

    /// <summary>
    /// The mean of each window (<see cref="PoolGeometry"/>), channel by channel, over its places inside the input;
    /// summed in double precision.
    /// </summary>
    public abstract void AveragePool(in PoolGeometry geometry, Storage<float> x, Storage<float> y);

    /// <summary>
    /// The gradient of <see cref="AveragePool"/>: each window gives an even share of its gradY to each of its places
    /// inside the input.
    /// </summary>
    public abstract void AveragePoolGradient(
        in PoolGeometry geometry, Storage<float> gradY, Storage<float> gradX, bool accumulate);

    /// <summary>
    /// The mean over the rows of x and y <c>[rows, columns]</c> of the squared distance of their unit vectors:
    /// <c>result[0] = sum over rows of |x^ - y^|^2 / rows</c>, where <c>x^ = x / max(|x|, 1e-12)</c>. The rows' numbers
    /// are added in double precision.
    /// </summary>
    public abstract void UnitRowDistance(Storage<float> x, Storage<float> y, int columns, Storage<float> result);

    /// <summary>
    /// The gradient of <see cref="UnitRowDistance"/> for y: in each row, with <c>s = upstream[0] * 2 / rows</c>,
    /// <c>gradY = s (y^ (y^ . x^) - x^) / |y|</c>; 0 where y is shorter than 1e-12.
    /// </summary>
    public abstract void UnitRowDistanceGradient(
        Storage<float> x, Storage<float> y, int columns, Storage<float> upstream, Storage<float> gradY,
        bool accumulate);

    /// <summary><c>z = scale * x * y</c>, element by element.</summary>
    public abstract void Multiply(
        Storage<float> x, Storage<float> y, float scale, Storage<float> z, bool accumulate);

    /// <summary><c>z = x / y</c>, element by element, as IEEE 754 has it.</summary>
    public abstract void Divide(Storage<float> x, Storage<float> y, Storage<float> z, bool accumulate);
}
