using Tessera.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;

namespace Tessera.Models;

/// <summary>
/// A computation without gradients that comes again with other inputs of the same shape, so that a device may record it
/// (<see cref="Device.Submit"/>): inputs go up before, into memory that stays the same, and results come down after.
/// </summary>
/// <typeparam name="TInput">The inputs: tensors or indices.</typeparam>
/// <typeparam name="TOutput">
/// The results, as storages: unlike tensors of a tape, they are the same when the computation is replayed.
/// </typeparam>
/// <param name="device">The device.</param>
/// <param name="allocate">Allocates the inputs for a shape, on no tape.</param>
/// <param name="compute">
/// The computation, on a tape that is reset after each run. It neither uploads nor downloads.
/// </param>
internal sealed class RepeatedPass<TInput, TOutput>(
    Device device, Func<Shape, TInput> allocate, Func<Tape, TInput, TOutput> compute) : IDisposable
    where TInput : class, IDisposable
{
    private readonly Tape _tape = new(device, recording: false);
    private (Shape Shape, TInput Input, Action Work)? _current;
    private TOutput? _output;

    /// <summary>Runs the computation; one shape is kept in mind.</summary>
    /// <param name="shape">What the inputs are allocated for.</param>
    /// <param name="upload">Copies values to the inputs.</param>
    /// <param name="read">Copies the results out, which are lost with the next run.</param>
    public void Run(Shape shape, Action<TInput> upload, Action<TOutput> read)
    {
        if (_current is not { } current || current.Shape != shape) _current = current = Start(shape);
        upload(current.Input);
        try
        {
            device.Submit(current.Work, this);
            read(_output!);
        }
        finally
        {
            _tape.Reset();
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        device.Forget(this);
        _current?.Input.Dispose();
        _current = null;
    }

    private (Shape Shape, TInput Input, Action Work) Start(Shape shape)
    {
        Dispose();
        TInput input = allocate(shape);
        return (shape, input, () => _output = compute(_tape, input));
    }
}
