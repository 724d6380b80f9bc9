using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

/// <summary>
/// An NVIDIA GPU: storages in its memory, all kernels in C#, compiled by ILGPU when they are first used. It needs
/// NVIDIA's driver and nothing else. Work is enqueued on one stream; the host waits in
/// <see cref="Download{T}"/> only. The second <see cref="Submit"/> of a piece of work records it as a CUDA graph, the
/// later ones replay that.
/// </summary>
/// <example><code>
/// CudaDevice.Register();                      // makes "cuda" known
/// using Device device = Device.Create("cuda");
/// </code></example>
public sealed partial class CudaDevice : Tensors.Devices.Device
{
    private const string KindName = "cuda";

    // The first capability with TF32, bfloat16 and asynchronous copies.
    private static readonly Version TensorCapability = new(8, 0);

    // One for all GPUs: it keeps what was read of the kernels, and ILGPU can be set up only once in some systems.
    private static readonly Lazy<Context> Gpus = new(() =>
    {
        Context context = Context.Create(builder => builder.Cuda().Optimize(OptimizationLevel.O2));
        TensorCorePtx.Register(context);
        return context;
    });

    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;
    private readonly Launcher _launcher;
    private readonly Staging _staging;
    private readonly Recorder? _recorder;

    // What is enqueued goes to one stream, which records all of it or nothing: one thread after the other.
    private readonly Lock _gate = new();

    // Stand where an argument has no tensor: a view of nothing has an address all the same.
    private readonly Storage<float> _noFloats;
    private readonly Storage<int> _noIntegers;

    /// <summary>Opens a GPU.</summary>
    /// <param name="number">Its number, from 0, in the order of the driver.</param>
    /// <param name="precision">How it multiplies.</param>
    /// <exception cref="ArgumentException">
    /// There is no such GPU, or it cannot be used, or it has no such precision; the message says why.
    /// </exception>
    public CudaDevice(int number = 0, Precision precision = Precision.Auto) : this(Open(number, precision))
    {
        Products = KindOf(_accelerator, precision);
        if (CudaGraphs.Create(((CudaStream)_stream).StreamPtr) is { } graphs) _recorder = new Recorder(this, graphs);
        Description = $"{KindName}, {_accelerator.Name}, {Text(Products)}";
    }

    /// <summary>Computes on an accelerator, which this device disposes: the simulation in tests.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="graphsOf">Makes graphs of what a launcher launches; null for none.</param>
    internal CudaDevice(Accelerator accelerator, Func<Launcher, IGraphs>? graphsOf = null)
    {
        _accelerator = accelerator;
        ManyTiles = accelerator.NumMultiprocessors;
        _stream = accelerator.CreateStream();
        _launcher = new Launcher(accelerator, _stream, _gate);
        if (graphsOf is not null) _recorder = new Recorder(this, graphsOf(_launcher));
        _staging = new Staging(accelerator, _stream);
        (_noFloats, _noIntegers) = (Allocate<float>(0), Allocate<int>(0));
        Description = $"{KindName}, {accelerator.Name}";
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override long? Memory => _accelerator.MemorySize;

    /// <summary>Whether <see cref="Submit"/> records work, where the driver can.</summary>
    internal bool Records { get; init; } = true;

    /// <summary>The graphs that are kept.</summary>
    internal int Graphs => _recorder?.Count ?? 0;

    /// <summary>
    /// Makes GPUs known to <see cref="Tensors.Devices.Device.Create"/> by the name <c>cuda</c>. It checks a GPU before
    /// it gives it out, with a little work beside the processor.
    /// </summary>
    public static void Register() => Register(
        new DeviceKind(
            KindName, Driver.FindDevices,
            (number, _, precision) => Checked(new CudaDevice(number, precision), number)));

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _noFloats.Dispose();
        _noIntegers.Dispose();
        _staging.Dispose();
        _stream.Dispose();
        _accelerator.Dispose();
    }

    /// <inheritdoc/>
    public override Storage<T> Allocate<T>(int length)
    {
        _accelerator.Bind();
        try
        {
            return new CudaStorage<T>(_accelerator, length);
        }
        // ILGPU has the driver's error as text.
        catch (CudaException e) when (e.Message.Contains("memory", StringComparison.OrdinalIgnoreCase))
        {
            throw new InsufficientMemoryException(
                $"{_accelerator.Name} has no {(long)length * Marshal.SizeOf<T>():#,0} bytes left", e);
        }
    }

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination)
    {
        if (source.Length > destination.Length)
            throw new ArgumentException("the source is longer than the destination", nameof(source));
        if (source.IsEmpty) return;
        using Lock.Scope scope = _gate.EnterScope();
        CheckHostMemory();
        _accelerator.Bind();
        _staging.Upload(source, View(destination).SubView(0, source.Length));
    }

    /// <inheritdoc/>
    public override void Download<T>(Storage<T> source, Span<T> destination)
    {
        if (source.Length > destination.Length)
            throw new ArgumentException("the source is longer than the destination", nameof(source));
        if (source.Length == 0) return;
        using Lock.Scope scope = _gate.EnterScope();
        CheckHostMemory();
        _accelerator.Bind();
        _staging.Download(View(source), destination[..source.Length]);
    }

    /// <inheritdoc/>
    public override void Submit(Action work, object? owner = null)
    {
        _accelerator.Bind();
        if (_recorder is null || !Records)
        {
            work();
            return;
        }
        using Lock.Scope scope = _gate.EnterScope();
        _recorder.Run(work, owner ?? work);
    }

    /// <inheritdoc/>
    protected internal override void ForgetSubmitted(object? owner)
    {
        using Lock.Scope scope = _gate.EnterScope();
        // All: other buffers are about to be freed too.
        if (owner is not null && _recorder?.Knows(owner) != true) return;
        _accelerator.Bind();
        _stream.Synchronize();
        _recorder?.Forget(owner);
    }

    /// <summary>The device, after a self-check.</summary>
    /// <exception cref="ArgumentException">It computes wrong; it is disposed then.</exception>
    internal static CudaDevice Checked(CudaDevice device, int number)
    {
        if (new SelfCheck(device, device.Products, device.ManyTiles).FindFault() is not { } fault) return device;
        try
        {
            device.Dispose();
        }
        // A GPU whose kernels fail may refuse everything after it.
        catch (Exception e) when (e is CudaException or InvalidOperationException)
        {
        }
        throw new ArgumentException($"GPU number {number} cannot be used: {fault}", nameof(number));
    }

    private void CheckHostMemory()
    {
        if (_recorder is { IsRecording: true })
            throw new InvalidOperationException("submitted work must not upload or download: it is recorded");
    }

    private static ArrayView<T> View<T>(Storage<T> storage) where T : unmanaged => ((CudaStorage<T>)storage).View;

    private Floats OptionalView(Storage<float>? storage) => View(storage ?? _noFloats);

    private static int Flag(bool value) => value ? 1 : 0;

    private DeviceNumber Read(Number number) => number.Block is { } block
        ? new DeviceNumber(0, View(block.Storage).SubView(number.Place, 1))
        : new DeviceNumber(number.Constant, View(_noIntegers));

    private static Accelerator Open(int number, Precision precision)
    {
        IReadOnlyList<FoundDevice> found = Driver.FindDevices();
        if (number < 0 || number >= found.Count)
            throw new ArgumentException($"there is no GPU number {number}; there are {found.Count}", nameof(number));
        if (found[number].Fault is { } fault)
            throw new ArgumentException($"GPU number {number} cannot be used: {fault}", nameof(number));
        try
        {
            Accelerator accelerator = Gpus.Value.Devices.OfType<ILGPU.Runtime.Cuda.CudaDevice>()
                .Single(gpu => gpu.DeviceId == number).CreateAccelerator(Gpus.Value);
            try
            {
                KindOf(accelerator, precision);
                return accelerator;
            }
            catch
            {
                accelerator.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is CudaException or InvalidOperationException)
        {
            throw new ArgumentException($"GPU number {number} cannot be used: {e.Message}", nameof(number), e);
        }
    }

    private static ProductKind KindOf(Accelerator accelerator, Precision precision)
    {
        CudaArchitecture architecture = ((CudaAccelerator)accelerator).Architecture;
        bool hasTensorCores = new Version(architecture.Major, architecture.Minor) >= TensorCapability;
        return precision switch
        {
            Precision.Bfloat16 => hasTensorCores
                ? ProductKind.Bfloat16
                : throw new ArgumentException(
                    $"{accelerator.Name} has no bfloat16: compute capability {TensorCapability} is needed",
                    nameof(precision)),
            Precision.Float32 => hasTensorCores ? ProductKind.ThreeTf32 : ProductKind.Fma,
            _ => hasTensorCores ? ProductKind.Tf32 : ProductKind.Fma,
        };
    }

    private static string Text(ProductKind products) => products switch
    {
        ProductKind.Tf32 => "products in TF32",
        ProductKind.Bfloat16 => "products in bfloat16",
        _ => "products in float32",
    };
}
