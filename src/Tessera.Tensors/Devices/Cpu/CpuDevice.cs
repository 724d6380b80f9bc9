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
public sealed class CpuDevice : Device, IDisposable
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

    /// <summary>The number of threads.</summary>
    public int Threads => _pool.Threads;

    /// <inheritdoc/>
    public override string Description => $"cpu, {Threads} thread{(Threads == 1 ? "" : "s")}, {_kernels.Name} kernels";

    /// <summary>How a convolution and its gradients are computed, and why, as text for users.</summary>
    /// <param name="geometry">The convolution; for a transposed convolution, the one that it transposes.</param>
    public string Explain(in Conv2dGeometry geometry)
    {
        if (_kernels.Name == "reference") return "direct (plain loops)";
        string convolution = _choice.Explain(CorrelationPlan.Convolution(geometry));
        string transposed = _choice.Explain(CorrelationPlan.Transposed(geometry));
        return convolution == transposed ? convolution : $"{convolution}; its transpose: {transposed}";
    }

    /// <summary>Ends the threads. Tensors of this device can still be read.</summary>
    public void Dispose() => _pool.Dispose();

    /// <inheritdoc/>
    public override Storage Allocate(int length) => new CpuStorage(length);

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<float> source, Storage destination) => source.CopyTo(Span(destination));

    /// <inheritdoc/>
    public override void Download(Storage source, Span<float> destination) => Span(source).CopyTo(destination);

    /// <inheritdoc/>
    public override void Fill(Storage destination, float value) => Span(destination).Fill(value);

    /// <inheritdoc/>
    public override void Conv2d(
        in Conv2dGeometry geometry, Storage x, Storage weight, in Epilogue epilogue, Storage y) =>
        _kernels.Conv2d(geometry, Span(x), Span(weight), Spans(epilogue), Span(y));

    /// <inheritdoc/>
    public override void Conv2dTransposed(
        in Conv2dGeometry geometry, Storage y, Storage weight, in Epilogue epilogue, Storage x) =>
        _kernels.Conv2dTransposed(geometry, Span(y), Span(weight), Spans(epilogue), Span(x));

    /// <inheritdoc/>
    public override void Conv2dWeightGradient(
        in Conv2dGeometry geometry, Storage x, Storage gradY, Storage gradWeight, bool accumulate) =>
        _kernels.Conv2dWeightGradient(geometry, Span(x), Span(gradY), Span(gradWeight), accumulate);

    /// <inheritdoc/>
    public override void ColumnSums(Storage x, int rows, int columns, Storage sums, bool accumulate) =>
        _kernels.ColumnSums(Span(x), rows, columns, Span(sums), accumulate);

    /// <inheritdoc/>
    public override void Relu(Storage x, Storage y) => _kernels.Relu(Span(x), Span(y));

    /// <inheritdoc/>
    public override void ReluGradient(Storage y, Storage gradY, Storage gradX, bool accumulate) =>
        _kernels.ReluGradient(Span(y), Span(gradY), Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void Add(Storage x, Storage y, Storage z) => _kernels.Add(Span(x), Span(y), Span(z));

    /// <inheritdoc/>
    public override void Scale(Storage x, float scale, Storage y, bool accumulate) =>
        _kernels.Scale(Span(x), scale, Span(y), accumulate);

    /// <inheritdoc/>
    public override double SumOfSquares(Storage x) => _kernels.SumOfSquares(Span(x));

    /// <inheritdoc/>
    public override double SumOfSquaredDifferences(Storage x, Storage y) =>
        _kernels.SumOfSquaredDifferences(Span(x), Span(y));

    /// <inheritdoc/>
    public override void ScaledDifference(Storage x, Storage y, float scale, Storage z, bool accumulate) =>
        _kernels.ScaledDifference(Span(x), Span(y), scale, Span(z), accumulate);

    /// <inheritdoc/>
    public override void SquaredErrorGradients(
        Storage x, Storage y,
        float scaleX, Storage gradX, bool accumulateX, float scaleY, Storage gradY, bool accumulateY) =>
        _kernels.SquaredErrorGradients(
            Span(x), Span(y), scaleX, Span(gradX), accumulateX, scaleY, Span(gradY), accumulateY);

    /// <inheritdoc/>
    public override void NearestRows(
        Storage x, int rows, Storage table, int tableRows, int columns, Span<int> nearest) =>
        _kernels.NearestRows(Span(x), Span(table), tableRows, columns, nearest[..rows]);

    /// <inheritdoc/>
    public override void GatherRows(Storage table, int columns, ReadOnlySpan<int> indices, Storage y) =>
        _kernels.GatherRows(Span(table), columns, indices, Span(y));

    /// <inheritdoc/>
    public override void ScatterAddRows(
        Storage x, int columns, ReadOnlySpan<int> indices, Storage table, bool accumulate) =>
        _kernels.ScatterAddRows(Span(x), columns, indices, Span(table), accumulate);

    /// <inheritdoc/>
    public override void CountIndices(ReadOnlySpan<int> indices, Storage counts) =>
        _kernels.CountIndices(indices, Span(counts));

    /// <inheritdoc/>
    public override void MoveAverage(Storage average, Storage value, double decay) =>
        _kernels.MoveAverage(Span(average), Span(value), decay);

    /// <inheritdoc/>
    public override void DivideRows(Storage x, Storage divisors, int columns, Storage y) =>
        _kernels.DivideRows(Span(x), Span(divisors), columns, Span(y));

    /// <inheritdoc/>
    public override void NormalizeRows(Storage x, int columns, Storage y) =>
        _kernels.NormalizeRows(Span(x), columns, Span(y));

    /// <inheritdoc/>
    public override void NormalizeRowsGradient(Storage x, Storage gradY, int columns, Storage gradX, bool accumulate) =>
        _kernels.NormalizeRowsGradient(Span(x), Span(gradY), columns, Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void RotationGradient(
        Storage x, Storage y, Storage gradY, int columns, Storage gradX, bool accumulate) =>
        _kernels.RotationGradient(Span(x), Span(y), Span(gradY), columns, Span(gradX), accumulate);

    /// <inheritdoc/>
    public override void Orthogonalize(IReadOnlyList<(Storage X, int Columns)> matrices) =>
        _kernels.Orthogonalize([.. matrices.Select(matrix => (((CpuStorage)matrix.X).Memory, matrix.Columns))]);

    /// <inheritdoc/>
    public override void Adam(
        in AdamStep numbers, Storage parameter, Storage gradient, Storage firstMoment, Storage secondMoment) =>
        _kernels.Adam(numbers, Span(parameter), Span(gradient), Span(firstMoment), Span(secondMoment));

    private static Span<float> Span(Storage storage) => ((CpuStorage)storage).Span;

    private static EpilogueSpans Spans(in Epilogue epilogue) => new()
    {
        Bias = OptionalSpan(epilogue.Bias),
        Addend = OptionalSpan(epilogue.Addend),
        Gate = OptionalSpan(epilogue.Gate),
        Relu = epilogue.Relu,
    };

    private static ReadOnlySpan<float> OptionalSpan(Storage? storage) => storage is null ? [] : Span(storage);

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
