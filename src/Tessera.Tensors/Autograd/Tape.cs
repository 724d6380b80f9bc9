using Tessera.Tensors.Devices;
using Tessera.Tensors.Distributed;

namespace Tessera.Tensors.Autograd;

/// <summary>
/// The record of one step: the tensors it computed and, in order, the backward pass of each operation. One tape serves
/// a whole training run: <see cref="Reset"/> after each step reuses its memory for the next. (Reverse-mode
/// differentiation over a recorded list; Baydin et al. 2018, section 3.2.)
/// </summary>
/// <param name="device">The device of the tensors; null for the processor.</param>
/// <param name="recording">False to compute only: no gradients, for evaluation.</param>
/// <param name="share">The part of the batch that this process computes; null where it computes all of it.</param>
public sealed class Tape(Device? device = null, bool recording = true, BatchShare? share = null) : IDisposable
{
    private readonly List<Tensor> _tensors = [];
    private readonly List<Indices> _indices = [];
    private readonly List<Step> _steps = [];
    // Each parameter with the first step that uses it, in the order of the steps.
    private readonly List<(int Step, Tensor Parameter)> _firstUses = [];
    private readonly HashSet<Tensor> _used = [];
    private readonly List<Tensor> _final = [];

    /// <summary>The device of the tensors of this tape.</summary>
    public Device Device { get; } = device ?? Device.Default;

    /// <summary>Whether operations are recorded, so that <see cref="Backward"/> can be called.</summary>
    public bool Recording { get; } = recording;

    /// <summary>The part of the batch that this process computes; null where it computes all of it.</summary>
    public BatchShare? Share { get; } = share;

    /// <summary>Copies values onto this tape: the input of a computation.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's number of elements.</exception>
    public Tensor Input(ReadOnlySpan<float> values, Shape shape)
    {
        Tensor tensor = Allocate(shape);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>An <see cref="Input"/> whose gradient <see cref="Backward"/> computes.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's number of elements.</exception>
    public Tensor Variable(ReadOnlySpan<float> values, Shape shape)
    {
        Tensor tensor = Allocate(shape, requiresGradient: Recording);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>Copies indices onto this tape.</summary>
    /// <param name="values">The values, each 0 to <paramref name="limit"/> - 1.</param>
    /// <param name="shape">Their shape.</param>
    /// <param name="limit">One more than the largest index: the rows of the table that they refer to.</param>
    /// <exception cref="ArgumentException">The number of values is not the shape's number of elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is below 0 or not below the limit.</exception>
    public Indices Indices(ReadOnlySpan<int> values, Shape shape, int limit) => Allocate(shape, limit).With(values);

    /// <summary>A tensor in memory of the device's pool, not cleared, valid until <see cref="Reset"/>.</summary>
    public Tensor Allocate(Shape shape) => Allocate(shape, requiresGradient: false);

    /// <summary>
    /// Computes the gradient of <paramref name="loss"/> with respect to every parameter and variable that it depends
    /// on, and adds it to their <see cref="Tensor.Gradient"/>. Clears the record: a second call for the same loss
    /// throws. With a <see cref="Share"/> the loss has its weight; the caller sums the gradients over the ranks.
    /// </summary>
    /// <param name="loss">A tensor of one number.</param>
    /// <param name="afterStep">
    /// Called after the backward pass of each operation with the parameters whose gradients are now final, often none;
    /// the list is valid during the call. Until <see cref="Tensor.ClearGradient"/> nothing may add to these gradients.
    /// </param>
    /// <exception cref="ArgumentException">The loss is not one number or does not depend on any parameter.</exception>
    /// <exception cref="InvalidOperationException">The loss was not computed on this tape since its last
    /// <see cref="Backward"/>.</exception>
    public void Backward(Tensor loss, Action<IReadOnlyList<Tensor>>? afterStep = null)
    {
        if (loss.Tape != this) throw new InvalidOperationException("the loss was not computed on this tape");
        if (loss.Shape.Length != 1)
            throw new ArgumentException(
                $"a loss is a single number; this one has the shape {loss.Shape}", nameof(loss));
        if (!loss.RequiresGradient)
            throw new ArgumentException("the loss does not depend on any parameter of a recording tape", nameof(loss));
        if (!_steps.Exists(step => step.Output == loss))
            throw new InvalidOperationException(
                "nothing is recorded for this loss: it is an input, or Backward has been called since");

        Device.Fill(loss.Slot.Target(out _), Share?.Weight ?? 1);
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            (Tensor output, Action<Tensor> backward) = _steps[i];
            if (output.Gradient is { } gradient) backward(gradient);
            // Only this step reads its output's gradient. The memory is free for the next ones, unless the step has
            // handed it to one of its inputs.
            output.Slot.Release();
            if (afterStep is not null) afterStep(FinalAt(i));
        }
        ClearSteps();
    }

    /// <summary>Ends the step: its tensors become unusable, and their memory is kept for the next step.</summary>
    public void Reset()
    {
        foreach (Tensor tensor in _tensors) tensor.ReturnStorage();
        foreach (Indices indices in _indices) indices.ReturnStorage();
        _tensors.Clear();
        _indices.Clear();
        ClearSteps();
    }

    /// <summary>The same as <see cref="Reset"/>.</summary>
    public void Dispose() => Reset();

    /// <summary>
    /// Memory for the result of an operation on these inputs, on their tape and device; not cleared. It requires a
    /// gradient if an input does and the tape records.
    /// </summary>
    /// <exception cref="ArgumentException">The inputs are on different tapes or devices.</exception>
    public static Tensor Result(Shape shape, params ReadOnlySpan<Tensor?> inputs) =>
        Result(shape, indices: null, inputs);

    /// <summary>Records an operation's backward pass.</summary>
    /// <param name="output">The operation's result, from <see cref="Result(Shape, ReadOnlySpan{Tensor})"/>.</param>
    /// <param name="backward">
    /// Receives the gradient of the output and adds to those of the inputs (<see cref="Tensor.AddGradient"/>). Called
    /// at most once, and only if the output requires a gradient.
    /// </param>
    /// <returns>The output.</returns>
    public static Tensor Record(Tensor output, Action<Tensor> backward)
    {
        if (output.RequiresGradient) output.Tape!._steps.Add(new Step(output, backward));
        return output;
    }

    /// <summary>The same for an operation that reads indices too.</summary>
    /// <exception cref="ArgumentException">The inputs are on different tapes or devices.</exception>
    internal static Tensor Result(Shape shape, Indices? indices, params ReadOnlySpan<Tensor?> inputs)
    {
        (Tape? tape, Device device) = Find(indices, inputs);
        bool requiresGradient = false;
        foreach (Tensor? input in inputs)
        {
            requiresGradient |= input is { RequiresGradient: true };
            if (input is not null) tape?.Use(input);
        }
        return tape is null
            ? Tensor.Uninitialized(shape, device)
            : tape.Allocate(shape, requiresGradient && tape.Recording);
    }

    /// <summary>Memory for the indices that an operation on these inputs gives.</summary>
    /// <exception cref="ArgumentException">The inputs are on different tapes or devices.</exception>
    internal static Indices IndexResult(Shape shape, int limit, params ReadOnlySpan<Tensor?> inputs)
    {
        (Tape? tape, Device device) = Find(indices: null, inputs);
        return tape is null
            ? new Indices(shape, limit, device.Allocate<int>(shape.Length), device, tape: null)
            : tape.Allocate(shape, limit);
    }

    /// <summary>Memory for the indices that an operation on others gives.</summary>
    internal static Indices IndexResult(Shape shape, int limit, Indices input)
    {
        Device device = input.Device;
        return input.Tape is { } tape
            ? tape.Allocate(shape, limit)
            : new Indices(shape, limit, device.Allocate<int>(shape.Length), device, tape: null);
    }

    /// <summary>Notes that the next step may write to the gradient of a tensor.</summary>
    internal void Use(Tensor input)
    {
        if (Recording && input is { RequiresGradient: true, Tape: null } && _used.Add(input))
            _firstUses.Add((_steps.Count, input));
    }

    /// <summary>The parameters that no step before this one uses; their gradients are closed.</summary>
    private List<Tensor> FinalAt(int step)
    {
        _final.Clear();
        while (_firstUses.Count > 0 && _firstUses[^1].Step >= step)
        {
            Tensor parameter = _firstUses[^1].Parameter;
            _firstUses.RemoveAt(_firstUses.Count - 1);
            if (parameter.Gradient is null) continue;
            parameter.Slot.Close();
            _final.Add(parameter);
        }
        return _final;
    }

    private void ClearSteps()
    {
        _steps.Clear();
        _firstUses.Clear();
        _used.Clear();
    }

    private static (Tape? Tape, Device Device) Find(Indices? indices, ReadOnlySpan<Tensor?> inputs)
    {
        (Tape? tape, Device? device) = (indices?.Tape, indices?.Device);
        foreach (Tensor? input in inputs)
        {
            if (input is null) continue;
            if ((tape ?? input.Tape) != (input.Tape ?? tape))
                throw new ArgumentException("the inputs of an operation are on different tapes", nameof(inputs));
            if ((device ?? input.Device) != input.Device)
                throw new ArgumentException(
                    "the inputs of an operation are on different devices: "
                    + $"{device!.Description}; {input.Device.Description}",
                    nameof(inputs));
            (tape, device) = (tape ?? input.Tape, input.Device);
        }
        if (tape is not null && tape.Device != device)
            throw new ArgumentException(
                "the inputs of an operation are on another device than their tape: "
                + $"{device!.Description}; {tape.Device.Description}",
                nameof(inputs));
        return (tape, device!);
    }

    private Tensor Allocate(Shape shape, bool requiresGradient)
    {
        var tensor = new Tensor(shape, Device.Rent(shape.Length), Device, this, requiresGradient);
        _tensors.Add(tensor);
        return tensor;
    }

    internal Indices Allocate(Shape shape, int limit)
    {
        var indices = new Indices(shape, limit, Device.RentIndices(shape.Length), Device, this);
        _indices.Add(indices);
        return indices;
    }

    private readonly record struct Step(Tensor Output, Action<Tensor> Backward);
}
