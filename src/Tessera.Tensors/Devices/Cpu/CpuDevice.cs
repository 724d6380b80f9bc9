using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices.Cpu.Reference;
using Tessera.Tensors.Devices.Cpu.Simd;

namespace Tessera.Tensors.Devices.Cpu;

/// <summary>
/// The processor: storages in main memory, kernels for its widest vectors, several threads. The environment variable
/// <c>TESSERA_KERNELS</c> forces <c>vector512</c>, <c>vector256</c>, <c>vector128</c> or <c>reference</c> kernels;
/// <c>TESSERA_CONVOLUTIONS</c> forces <c>direct</c> convolutions, or <c>winograd</c> wherever it is defined; by default
/// the one with the lower estimated time is used.
/// </summary>
public sealed partial class CpuDevice : Device
{
    /// <summary>The environment variable that forces kernels.</summary>
    public const string KernelsVariable = "TESSERA_KERNELS";

    /// <summary>The environment variable that forces how convolutions are computed.</summary>
    public const string ConvolutionsVariable = "TESSERA_CONVOLUTIONS";

    private readonly WorkerPool _pool;
    private readonly ReferenceKernels _kernels;
    private readonly ConvolutionChoice _choice;

    /// <summary>Creates a device with its own threads.</summary>
    /// <param name="threads">The number of threads, at least 1; null for one per logical processor.</param>
    /// <param name="kernels">
    /// One of <see cref="KernelNames"/>; null for the value of <c>TESSERA_KERNELS</c>, or else the widest vectors of
    /// the processor.
    /// </param>
    /// <param name="convolutions">
    /// One of <see cref="ConvolutionNames"/>; null for the value of <c>TESSERA_CONVOLUTIONS</c>, or else the one with
    /// the lower estimated time.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number of threads is below 1.</exception>
    /// <exception cref="ArgumentException">The name of the kernels or convolutions is unknown.</exception>
    public CpuDevice(int? threads = null, string? kernels = null, string? convolutions = null)
    {
        kernels = Choose(kernels, KernelsVariable, KernelNames, nameof(kernels)) ?? WidestKernels();
        convolutions = Choose(convolutions, ConvolutionsVariable, ConvolutionNames, nameof(convolutions));
        _choice = new ConvolutionChoice(convolutions);
        _pool = new WorkerPool(threads ?? Environment.ProcessorCount);
        _kernels = Select(kernels, _pool, _choice);
    }

    /// <summary>The values of <c>TESSERA_KERNELS</c>.</summary>
    public static IReadOnlyList<string> KernelNames { get; } = ["vector512", "vector256", "vector128", "reference"];

    /// <summary>The values of <c>TESSERA_CONVOLUTIONS</c>.</summary>
    public static IReadOnlyList<string> ConvolutionNames => ConvolutionChoice.Names;

    /// <inheritdoc/>
    public override int Threads => _pool.Threads;

    /// <inheritdoc/>
    public override string Description => $"cpu, {Threads} thread{(Threads == 1 ? "" : "s")}, {_kernels.Name} kernels";

    /// <inheritdoc/>
    public override string Arithmetic => $"cpu, {_kernels.Name} kernels, {_choice.Rule} convolutions";

    /// <inheritdoc/>
    public override string Explain(in Conv2dGeometry geometry)
    {
        if (_kernels.Name == "reference") return "direct (plain loops)";
        string convolution = _choice.Explain(CorrelationPlan.Convolution(geometry));
        string transposed = _choice.Explain(CorrelationPlan.Transposed(geometry));
        return convolution == transposed ? convolution : $"{convolution}; its transpose: {transposed}";
    }

    /// <summary>Ends the threads. Tensors of this device can still be read.</summary>
    public override void Dispose()
    {
        base.Dispose();
        _pool.Dispose();
    }

    /// <inheritdoc/>
    public override Storage<T> Allocate<T>(int length) => new CpuStorage<T>(length);

    /// <inheritdoc/>
    public override Storage<T> Share<T>(Memory<T> values) => new CpuStorage<T>(values);

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination) => source.CopyTo(Span(destination));

    /// <inheritdoc/>
    public override void Download<T>(Storage<T> source, Span<T> destination) => Span(source).CopyTo(destination);

    /// <inheritdoc/>
    public override void Fill(Storage<float> destination, float value) => Span(destination).Fill(value);

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> weight, in Epilogue epilogue, Storage<float> y) =>
        _kernels.Conv2d(geometry, Span(x), Span(weight), Spans(epilogue), Span(y));

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage<float> y, Storage<float> weight, in Epilogue epilogue, Storage<float> x) =>
        _kernels.Conv2dTransposed(geometry, Span(y), Span(weight), Spans(epilogue), Span(x));

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage<float> x, Storage<float> gradY, Storage<float> gradWeight,
        bool accumulate, Storage<float>? gradBias, bool accumulateBias) =>
        _kernels.Conv2dWeightGradient(
            geometry, Span(x), Span(gradY), Span(gradWeight), accumulate, gradBias is null ? [] : Span(gradBias),
            accumulateBias);

    /// <inheritdoc/>
    public override void ColumnSums(Storage<float> x, int rows, int columns, Storage<float> sums, bool accumulate) =>
        _kernels.ColumnSums(Span(x), rows, columns, Span(sums), accumulate);

    /// <inheritdoc/>
    public override void Relu(Storage<float> x, Storage<float> y) => _kernels.Relu(Span(x), Span(y));

    /// <inheritdoc/>
    public override void ReluGradient(
        Storage<float> y, Storage<float> gradY, Storage<float> gradX, bool accumulate) =>
        _kernels.ReluGradient(Span(y), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void Add(Storage<float> x, Storage<float> y, Storage<float> z) =>
        _kernels.Add(Span(x), Span(y), Span(z));

    /// <inheritdoc/>
    public override void Scale(Storage<float> x, Number scale, Storage<float> y, bool accumulate) =>
        _kernels.Scale(Span(x), Read(scale), Span(y), accumulate);

    /// <inheritdoc/>
    public override void MeanSquaredDifference(
        Storage<float> x, Storage<float> y, float weight, Storage<float> result) =>
        Span(result)[0] = (float)(weight * _kernels.SumOfSquaredDifferences(Span(x), Span(y)) / x.Length);

    /// <inheritdoc/>
    public override void SquaredErrorGradients(
        Storage<float> x, Storage<float> y, Storage<float> upstream, in SquaredErrorSide xSide,
        in SquaredErrorSide ySide)
    {
        float scale = Span(upstream)[0] * 2 / x.Length;
        float xScale = xSide.Weight * scale, yScale = ySide.Weight * scale;
        if (xSide.Gradient is null)
            _kernels.ScaledDifference(Span(y), Span(x), yScale, Span(ySide.Gradient!), ySide.Accumulate);
        else if (ySide.Gradient is null)
            _kernels.ScaledDifference(Span(x), Span(y), xScale, Span(xSide.Gradient), xSide.Accumulate);
        else
            _kernels.SquaredErrorGradients(
                Span(x), Span(y), xScale, Span(xSide.Gradient), xSide.Accumulate, yScale, Span(ySide.Gradient),
                ySide.Accumulate);
    }

    /// <inheritdoc/>
    public override void ClipByNorm(IReadOnlyList<Storage<float>> tensors, float maxNorm, Storage<float> norm)
    {
        double sumOfSquares = 0;
        foreach (Storage<float> tensor in tensors) sumOfSquares += _kernels.SumOfSquares(Span(tensor));
        double length = Math.Sqrt(sumOfSquares);
        bool isFinite = double.IsFinite(length);
        // A finite length may be beyond float32.
        Span(norm)[0] = isFinite ? (float)Math.Min(length, float.MaxValue) : (float)length;
        double factor = maxNorm / (length + 1e-6);
        if (!isFinite || factor >= 1) return;
        foreach (Storage<float> tensor in tensors)
            _kernels.Scale(Span(tensor), (float)factor, Span(tensor), accumulate: false);
    }

    /// <inheritdoc/>
    public override void NearestRows(
        Storage<float> x, Storage<float> table, int tableRows, int columns, Storage<int> nearest) =>
        _kernels.NearestRows(Span(x), Span(table), tableRows, columns, Span(nearest));

    /// <inheritdoc/>
    public override void GatherRows(Storage<float> table, int columns, Storage<int> indices, Storage<float> y) =>
        _kernels.GatherRows(Span(table), columns, Span(indices), Span(y));

    /// <inheritdoc/>
    public override void ScatterRows(Storage<float> x, int columns, Storage<int> indices, Storage<float> table) =>
        _kernels.ScatterRows(Span(x), columns, Span(indices), Span(table));

    /// <inheritdoc/>
    public override void ScatterAddRows(
        Storage<float> x, int columns, Storage<int> indices, Storage<float> table, bool accumulate) =>
        _kernels.ScatterAddRows(Span(x), columns, Span(indices), Span(table), accumulate);

    /// <inheritdoc/>
    public override void CountIndices(Storage<int> indices, Storage<float> counts) =>
        _kernels.CountIndices(Span(indices), Span(counts));

    /// <inheritdoc/>
    public override void Perplexity(Storage<float> counts, Storage<float> result) =>
        _kernels.Perplexity(Span(counts), Span(result));

    /// <inheritdoc/>
    public override void SmoothSizes(Storage<float> sizes, double epsilon, Storage<float> smoothed) =>
        _kernels.SmoothSizes(Span(sizes), epsilon, Span(smoothed));

    /// <inheritdoc/>
    public override void MoveAverage(Storage<float> average, Storage<float> value, Number keep, Number add) =>
        _kernels.MoveAverage(Span(average), Span(value), Read(keep), Read(add));

    /// <inheritdoc/>
    public override void DivideRows(Storage<float> x, Storage<float> divisors, int columns, Storage<float> y) =>
        _kernels.DivideRows(Span(x), Span(divisors), columns, Span(y));

    /// <inheritdoc/>
    public override void NormalizeRows(Storage<float> x, int columns, Storage<float> y) =>
        _kernels.NormalizeRows(Span(x), columns, Span(y));

    /// <inheritdoc/>
    public override void NormalizeRowsGradient(
        Storage<float> x, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        _kernels.NormalizeRowsGradient(Span(x), Span(gradY), columns, Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void RotationGradient(
        Storage<float> x, Storage<float> y, Storage<float> gradY, int columns, Storage<float> gradX, bool accumulate) =>
        _kernels.RotationGradient(Span(x), Span(y), Span(gradY), columns, Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage<float> X, int Columns)> matrices) =>
        _kernels.Orthogonalize([.. matrices.Select(matrix => (((CpuStorage<float>)matrix.X).Memory, matrix.Columns))]);

    /// <inheritdoc/>
    public override void Adam(
        in AdamStep numbers, Storage<float> parameter, Storage<float> gradient, Storage<float> firstMoment,
        Storage<float> secondMoment)
    {
        AdamStep read = numbers with
        {
            StepSize = Read(numbers.StepSize),
            SecondCorrection = Read(numbers.SecondCorrection),
            ParameterDecay = Read(numbers.ParameterDecay),
        };
        _kernels.Adam(read, Span(parameter), Span(gradient), Span(firstMoment), Span(secondMoment));
    }

    /// <inheritdoc/>
    public override void GatherImages(
        Storage<byte> images, in ImageLayout layout, Storage<int> numbers, Storage<float> y) =>
        _kernels.GatherImages(Span(images), layout, Span(numbers), Span(y));

    /// <inheritdoc/>
    public override void CopyIndices(Storage<int> x, Storage<int> y) => Span(x).CopyTo(Span(y));

    private static Span<T> Span<T>(Storage<T> storage) where T : unmanaged => ((CpuStorage<T>)storage).Span;

    private static float Read(Number number) => number.Block is { } block
        ? BitConverter.Int32BitsToSingle(Span(block.Storage)[number.Place])
        : number.Constant;

    private static EpilogueSpans Spans(in Epilogue epilogue) => new()
    {
        Bias = OptionalSpan(epilogue.Bias),
        Addend = OptionalSpan(epilogue.Addend),
        Activation = epilogue.Activation,
        Gate = OptionalSpan(epilogue.Gate),
        Argument = OptionalSpan(epilogue.Argument),
    };

    private static Span<float> OptionalSpan(Storage<float>? storage) => storage is null ? [] : Span(storage);

    /// <summary>
    /// The caller's choice, or else the environment's; null for neither. It must be one of the names.
    /// </summary>
    private static string? Choose(string? name, string variable, IReadOnlyList<string> names, string parameter)
    {
        name ??= Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(name)) return null;
        return names.Contains(name)
            ? name
            : throw new ArgumentException(
                $"there are no {parameter} named \"{name}\"; {variable} takes {string.Join(", ", names)}", parameter);
    }

    private static string WidestKernels() =>
        Simd512.IsAccelerated ? "vector512" : Simd256.IsAccelerated ? "vector256" : "vector128";

    private static ReferenceKernels Select(string name, WorkerPool pool, ConvolutionChoice choice) => name switch
    {
        "vector512" => new SimdKernels<Simd512, Vector512<float>>(name, pool, choice),
        "vector256" => new SimdKernels<Simd256, Vector256<float>>(name, pool, choice),
        "vector128" => new SimdKernels<Simd128, Vector128<float>>(name, pool, choice),
        _ => new ReferenceKernels(),
    };
}
