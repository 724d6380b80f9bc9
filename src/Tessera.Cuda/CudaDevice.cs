using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Tessera.Cuda.Kernels;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

/// <summary>
/// An NVIDIA GPU: storages in its memory, all kernels in C#, compiled by ILGPU when they are first used. It needs
/// NVIDIA's driver and nothing else. Work is enqueued on one stream; the host waits in
/// <see cref="Download{T}"/> only.
/// </summary>
/// <example><code>
/// using Device device = new CudaDevice();
/// </code></example>
public sealed partial class CudaDevice : Tensors.Devices.Device
{
    private static readonly Version LeastCapability = new(7, 5);

    private readonly Context _context;
    private readonly Accelerator _accelerator;
    private readonly AcceleratorStream _stream;
    private readonly Launcher _launcher;

    // Stand where an argument has no tensor: a view of nothing has an address all the same.
    private readonly Storage<float> _noFloats;
    private readonly Storage<int> _noIntegers;

    /// <summary>Opens a GPU.</summary>
    /// <param name="number">Its number, from 0, in the order of the driver.</param>
    /// <exception cref="ArgumentException">There is no such GPU, no driver, or the GPU is too old.</exception>
    public CudaDevice(int number = 0)
        : this(
            Context.Create(builder => builder.Cuda().Optimize(OptimizationLevel.O2)),
            context => Choose(context, number))
    {
    }

    /// <summary>Opens an accelerator of a context, which this device disposes: the simulation in tests.</summary>
    internal CudaDevice(Context context, Func<Context, ILGPU.Runtime.Device> choose)
    {
        _context = context;
        try
        {
            _accelerator = choose(context).CreateAccelerator(context);
        }
        catch
        {
            context.Dispose();
            throw;
        }
        _stream = _accelerator.CreateStream();
        _launcher = new Launcher(_accelerator, _stream);
        (_noFloats, _noIntegers) = (Allocate<float>(0), Allocate<int>(0));
    }

    /// <inheritdoc/>
    public override string Description => $"cuda, {_accelerator.Name}";

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _noFloats.Dispose();
        _noIntegers.Dispose();
        _stream.Dispose();
        _accelerator.Dispose();
        _context.Dispose();
    }

    /// <inheritdoc/>
    public override Storage<T> Allocate<T>(int length)
    {
        _accelerator.Bind();
        return new CudaStorage<T>(_accelerator, length);
    }

    /// <inheritdoc/>
    public override void Upload<T>(ReadOnlySpan<T> source, Storage<T> destination)
    {
        if (source.Length > destination.Length)
            throw new ArgumentException("the source is longer than the destination", nameof(source));
        if (source.IsEmpty) return;
        _accelerator.Bind();
        // The driver copies memory that it has not locked to a place of its own before it returns.
        View(destination).SubView(0, source.Length).CopyFromCPU(_stream, source);
    }

    /// <inheritdoc/>
    public override void Download<T>(Storage<T> source, Span<T> destination)
    {
        if (source.Length > destination.Length)
            throw new ArgumentException("the source is longer than the destination", nameof(source));
        if (source.Length == 0) return;
        _accelerator.Bind();
        View(source).CopyToCPU(_stream, destination[..source.Length]);
        _stream.Synchronize();
    }

    private static ArrayView<T> View<T>(Storage<T> storage) where T : unmanaged => ((CudaStorage<T>)storage).View;

    private Floats OptionalView(Storage<float>? storage) => View(storage ?? _noFloats);

    private static int Flag(bool value) => value ? 1 : 0;

    private DeviceNumber Read(Number number) => number.Block is { } block
        ? new DeviceNumber(0, View(block.Storage).SubView(number.Place, 1))
        : new DeviceNumber(number.Constant, View(_noIntegers));

    private static ILGPU.Runtime.Cuda.CudaDevice Choose(Context context, int number)
    {
        Context.DeviceCollection<ILGPU.Runtime.Cuda.CudaDevice> devices = context.GetCudaDevices();
        if (devices.Count == 0)
            throw new ArgumentException("no NVIDIA GPU was found; is its driver installed?", nameof(number));
        if (number < 0 || number >= devices.Count)
            throw new ArgumentException(
                $"there is no GPU number {number}; the last is {devices.Count - 1}", nameof(number));
        ILGPU.Runtime.Cuda.CudaDevice device = devices[number];
        var capability = new Version(device.Architecture!.Value.Major, device.Architecture.Value.Minor);
        return capability >= LeastCapability
            ? device
            : throw new ArgumentException(
                $"{device.Name} has compute capability {capability}; {LeastCapability} is needed", nameof(number));
    }
}
