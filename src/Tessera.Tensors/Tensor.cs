using System.Numerics.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors;

/// <summary>
/// A dense float32 array in row-major order on a <see cref="Devices.Device"/>. Images are
/// <c>[batch, height, width, channels]</c>. A tensor computed on a <see cref="Autograd.Tape"/> belongs to it:
/// operations on the tensor are recorded there for <see cref="Tape.Backward"/>, and its memory is valid until the tape
/// is reset. A tensor without a tape lives until it is disposed; views of the same memory end with it.
/// </summary>
/// <example><code>
/// Tensor weight = Tensor.From([1f, 2f], [2]).AsParameter();
/// using var tape = new Tape();
/// Tensor x = tape.Input([3f, 5f], [2]);
/// Tensor loss = x.Add(weight).MeanSquaredError(tape.Input([0f, 0f], [2]));
/// tape.Backward(loss);
/// weight.Gradient!.ToArray();   // 4, 7: the loss is ((3+1)^2 + (5+2)^2) / 2
/// </code></example>
public sealed class Tensor : IDisposable
{
    private readonly StorageHolder<float> _memory;
    private readonly bool _owns;
    private GradientSlot? _slot;

    internal Tensor(Shape shape, Storage<float> storage, Device device, Tape? tape, bool requiresGradient)
        : this(new StorageHolder<float>(storage), shape, device, tape, requiresGradient, owns: true)
    {
    }

    private Tensor(
        StorageHolder<float> memory, Shape shape, Device device, Tape? tape, bool requiresGradient, bool owns = false)
    {
        _memory = memory;
        _owns = owns;
        Shape = shape;
        Device = device;
        Tape = tape;
        RequiresGradient = requiresGradient;
    }

    /// <summary>The sizes, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>The device that holds the elements.</summary>
    public Device Device { get; }

    /// <summary>The tape that this was computed on, or null.</summary>
    public Tape? Tape { get; }

    /// <summary>Whether <see cref="Tape.Backward"/> computes the gradient of the loss with respect to this.</summary>
    public bool RequiresGradient { get; }

    /// <summary>
    /// The gradient of the loss with respect to this, of the same shape; null before the first
    /// <see cref="Tape.Backward"/> and after <see cref="ClearGradient"/>. Gradients of several backward passes add up.
    /// </summary>
    public Tensor? Gradient => _slot?.Value;

    /// <summary>
    /// Whether this is the result of a ReLU. The ReLU passes a gradient on only where its result is above 0, so a
    /// kernel that computes that gradient may write 0 elsewhere.
    /// </summary>
    internal bool IsRectified { get; set; }

    /// <summary>
    /// What this is the GELU of, if it needs a gradient; else null. A kernel that computes the gradient of this may
    /// compute the argument's at once.
    /// </summary>
    internal Tensor? GeluArgument { get; set; }

    /// <summary>Where backward passes write the gradient.</summary>
    internal GradientSlot Slot => _slot ??= new GradientSlot(this);

    /// <summary>The memory on the device, for calls of its primitives.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given up.</exception>
    public Storage<float> Storage => _memory.Storage;

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, Device? device = null)
    {
        Tensor tensor = Uninitialized(shape, device);
        tensor.Fill(0);
        return tensor;
    }

    /// <summary>A tensor with a copy of the values, in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's number of elements.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device? device = null)
    {
        Tensor tensor = Uninitialized(shape, device);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>
    /// A tensor with a copy of the values of one of .NET's own tensors (rank 1 to 4), of any strides.
    /// </summary>
    /// <exception cref="ArgumentException">The span is empty or its rank is over 4.</exception>
    public static Tensor From(in ReadOnlyTensorSpan<float> values, Device? device = null)
    {
        if (values.IsEmpty)
            throw new ArgumentException("the span is empty; a tensor has at least one element", nameof(values));
        int[] sizes = new int[values.Rank];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = checked((int)values.Lengths[i]);
        var shape = new Shape(sizes);
        float[] flat = new float[shape.Length];
        values.FlattenTo(flat);
        return From(flat, shape, device);
    }

    /// <summary>A tensor over the caller's memory, without a copy: a write to one shows in the other.</summary>
    /// <exception cref="ArgumentException">The memory's length is not the shape's number of elements.</exception>
    public static Tensor Wrap(Memory<float> memory, Shape shape)
    {
        if (memory.Length != shape.Length)
            throw new ArgumentException(
                $"{memory.Length} values do not fill the shape {shape}, which has {shape.Length} elements",
                nameof(memory));
        return new Tensor(shape, new CpuStorage<float>(memory), Device.Default, tape: null, requiresGradient: false);
    }

    /// <summary>The same memory as a parameter: a tensor whose gradient <see cref="Tape.Backward"/> computes.</summary>
    public Tensor AsParameter() =>
        new(_memory, Shape, Device, tape: null, requiresGradient: true, _owns && Tape is null);

    /// <summary>
    /// The same memory and values, but no gradient flows through it: PyTorch's <c>detach</c>, sg[.] in papers.
    /// </summary>
    public Tensor Detach() => new(_memory, Shape, Device, Tape, requiresGradient: false);

    /// <summary>Copies the values in, in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the number of elements.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        Shape.ThrowIfNotLength(values.Length, nameof(values));
        Device.Upload(values, Storage);
    }

    /// <summary>Copies the values of a tensor of the same length on the same device, without the host.</summary>
    /// <exception cref="ArgumentException">The lengths or devices differ.</exception>
    public void CopyFrom(Tensor source)
    {
        Shape.ThrowIfNotLength(source.Shape.Length, nameof(source));
        if (source.Device != Device)
            throw new ArgumentException("the tensors are on different devices", nameof(source));
        Device.Copy(source.Storage, Storage);
    }

    /// <summary>Copies the values out, in row-major order.</summary>
    /// <exception cref="ArgumentException">The destination's length is not the number of elements.</exception>
    public void CopyTo(Span<float> destination)
    {
        Shape.ThrowIfNotLength(destination.Length, nameof(destination));
        Device.Download(Storage, destination);
    }

    /// <summary>A copy of the values in row-major order.</summary>
    public float[] ToArray()
    {
        float[] values = new float[Shape.Length];
        CopyTo(values);
        return values;
    }

    /// <summary>The value of a tensor of one element.</summary>
    /// <exception cref="InvalidOperationException">There is more than one element.</exception>
    public float Item()
    {
        if (Shape.Length != 1) throw new InvalidOperationException($"a tensor of shape {Shape} is not a single number");
        float value = 0;
        CopyTo(new Span<float>(ref value));
        return value;
    }

    /// <summary>The elements themselves, in row-major order, without a copy.</summary>
    /// <exception cref="NotSupportedException">
    /// The elements are on a device whose memory the processor cannot see.
    /// </exception>
    public Span<float> AsSpan() =>
        Storage is CpuStorage<float> memory
            ? memory.Span
            : throw new NotSupportedException(
                $"the processor cannot see the memory of {Device.Description}; use CopyTo");

    /// <summary>
    /// The elements themselves as .NET's own tensor type, without a copy. A scalar becomes <c>[1]</c>: .NET's spans of
    /// rank 0 are empty.
    /// </summary>
    /// <exception cref="NotSupportedException">
    /// The elements are on a device whose memory the processor cannot see.
    /// </exception>
    public TensorSpan<float> AsTensorSpan()
    {
        Span<nint> lengths = stackalloc nint[Math.Max(Shape.Rank, 1)];
        lengths[0] = 1;
        for (int i = 0; i < Shape.Rank; i++) lengths[i] = Shape[i];
        return new TensorSpan<float>(AsSpan(), lengths);
    }

    /// <summary>A copy without a tape, on the same device; the caller disposes it.</summary>
    public Tensor Clone()
    {
        Tensor copy = Uninitialized(Shape, Device);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>
    /// The same memory as a tensor without a tape: operations on it are not recorded, and their results are not the
    /// tape's. It is valid as long as this.
    /// </summary>
    public Tensor WithoutTape() => new(_memory, Shape, Device, tape: null, requiresGradient: false);

    /// <summary>Sets every element to the value.</summary>
    public void Fill(float value) => Device.Fill(Storage, value);

    /// <summary>Clears the gradient and keeps its memory for the next one.</summary>
    public void ClearGradient() => _slot?.Clear();

    /// <summary>
    /// Adds to the gradient of this, in the backward pass of an operation (<see cref="Tape.Record"/>). Does nothing if
    /// this requires no gradient.
    /// </summary>
    /// <param name="gradient">The shape of this.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void AddGradient(Tensor gradient)
    {
        if (gradient.Shape != Shape)
            throw new ArgumentException(
                $"a gradient of {Shape} has this shape, not {gradient.Shape}", nameof(gradient));
        if (!RequiresGradient) return;
        Storage<float> target = Slot.Target(out bool accumulate);
        Device.Scale(gradient.Storage, 1, target, accumulate);
    }

    /// <summary>
    /// A view of rows of the outermost size: <c>[start + i, ...]</c> for i from 0 to <paramref name="count"/> - 1. No
    /// gradient flows through it.
    /// </summary>
    /// <param name="start">The first row.</param>
    /// <param name="count">The number of rows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    public Tensor Rows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Shape[0] - start);
        int length = Shape.Length / Shape[0];
        Shape shape = [count, .. Shape.ToArray()[1..]];
        return new Tensor(
            _memory.Slice(start * length, count * length), shape, Device, Tape, requiresGradient: false);
    }

    /// <summary>
    /// Frees the memory and that of the gradient; views of the memory become unusable too. Disposing a view frees
    /// nothing. A tensor of a tape is freed by the tape.
    /// </summary>
    public void Dispose()
    {
        if (Tape is not null) return;
        _slot?.Release();
        if (_owns) _memory.Take()?.Dispose();
    }

    /// <summary>Shape and device, for a debugger.</summary>
    public override string ToString() => $"Tensor {Shape} on {Device.Description}";

    /// <summary>Memory for a tensor without a tape, not cleared.</summary>
    internal static Tensor Uninitialized(Shape shape, Device? device)
    {
        device ??= Device.Default;
        return new Tensor(shape, device.Allocate<float>(shape.Length), device, tape: null, requiresGradient: false);
    }

    /// <summary>
    /// A view of the same memory under a shape with as many elements: the result of an operation, with its own
    /// gradient.
    /// </summary>
    internal Tensor Alias(Shape shape, Tape? tape, bool requiresGradient) =>
        new(_memory, shape, Device, tape, requiresGradient);

    /// <summary>Returns the memory and that of the gradient to the device's pool.</summary>
    internal void ReturnStorage()
    {
        _slot?.Release();
        if (_memory.Take() is { } storage) Device.Return(storage);
    }
}
