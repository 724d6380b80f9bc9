using ILGPU;

namespace Tessera.Cuda.Kernels;

/// <summary>A number that a kernel reads when it runs; see <see cref="Tensors.Devices.Number"/>.</summary>
/// <param name="Constant">The value, unless it lies on the device.</param>
/// <param name="Place">The float32's bits on the device; empty for a constant.</param>
internal readonly record struct DeviceNumber(float Constant, Integers Place)
{
    /// <summary>The value.</summary>
    public float Read() => Place.Length > 0 ? Interop.IntAsFloat((uint)Place[0]) : Constant;
}

/// <summary>
/// Element by element. Cost: one to three operations an element (a GELU some thirty). Layout: flat arrays, neighbouring
/// threads on neighbouring elements. Bound: memory, 4 bytes for each array read or written.
/// </summary>
internal static class ElementKernels
{
    internal readonly record struct Fill(Floats Y, float Value) : IElementKernel
    {
        public void Run(int index) => Y[index] = Value;
    }

    internal readonly record struct CopyIndices(Integers X, Integers Y) : IElementKernel
    {
        public void Run(int index) => Y[index] = X[index];
    }

    internal readonly record struct Relu(Floats X, Floats Y) : IElementKernel
    {
        public void Run(int index) => Y[index] = Numerics.Relu(X[index]);
    }

    internal readonly record struct ReluGradient(Floats Y, Floats GradY, Floats GradX, int Accumulate) : IElementKernel
    {
        public void Run(int index) =>
            Write(GradX, index, Y[index] > 0 ? GradY[index] : 0, Accumulate);
    }

    internal readonly record struct Gelu(Floats X, Floats Y) : IElementKernel
    {
        public void Run(int index) => Y[index] = Numerics.Gelu(X[index]);
    }

    internal readonly record struct GeluGradient(Floats X, Floats GradY, Floats GradX, int Accumulate) : IElementKernel
    {
        public void Run(int index) => Write(GradX, index, GradY[index] * Numerics.GeluSlope(X[index]), Accumulate);
    }

    /// <summary>y is repeated.</summary>
    internal readonly record struct Add(Floats X, Floats Y, Floats Z) : IElementKernel
    {
        public void Run(int index) => Z[index] = X[index] + Y[index % Y.IntLength];
    }

    internal readonly record struct Scale(Floats X, DeviceNumber Factor, Floats Y, int Accumulate) : IElementKernel
    {
        public void Run(int index) => Write(Y, index, Factor.Read() * X[index], Accumulate);
    }

    internal readonly record struct Multiply(Floats X, Floats Y, float Factor, Floats Z, int Accumulate)
        : IElementKernel
    {
        public void Run(int index) => Write(Z, index, Factor * X[index] * Y[index], Accumulate);
    }

    internal readonly record struct Divide(Floats X, Floats Y, Floats Z, int Accumulate) : IElementKernel
    {
        public void Run(int index) => Write(Z, index, X[index] / Y[index], Accumulate);
    }

    internal readonly record struct MoveAverage(
        Floats Average, Floats Value, DeviceNumber Keep, DeviceNumber Add) : IElementKernel
    {
        public void Run(int index) => Average[index] = Keep.Read() * Average[index] + Add.Read() * Value[index];
    }

    /// <summary>The gradient of one side: <c>weight * upstream * 2 / n * (x - y)</c>.</summary>
    internal readonly record struct SquaredErrorGradient(
        Floats X, Floats Y, Floats Upstream, float Weight, Floats Gradient, int Accumulate) : IElementKernel
    {
        public void Run(int index)
        {
            float scale = Weight * (Upstream[0] * 2 / X.IntLength);
            Write(Gradient, index, scale * (X[index] - Y[index]), Accumulate);
        }
    }

    /// <summary>Three arrays are read and written, the gradient is read: 28 bytes an element.</summary>
    internal readonly record struct Adam(
        Floats Parameter, Floats Gradient, Floats First, Floats Second,
        float Beta1, float FirstRest, float Beta2, float SecondRest, float Epsilon,
        DeviceNumber StepSize, DeviceNumber SecondCorrection, DeviceNumber ParameterDecay) : IElementKernel
    {
        public void Run(int index)
        {
            float g = Gradient[index];
            float m = Beta1 * First[index] + FirstRest * g, v = Beta2 * Second[index] + SecondRest * g * g;
            First[index] = m;
            Second[index] = v;
            float change = StepSize.Read() * m / (MathF.Sqrt(v) / SecondCorrection.Read() + Epsilon);
            Parameter[index] = ParameterDecay.Read() * Parameter[index] - change;
        }
    }

    /// <summary>Writes a value, or adds it.</summary>
    internal static void Write(Floats y, int index, float value, int accumulate) =>
        y[index] = accumulate != 0 ? y[index] + value : value;
}
