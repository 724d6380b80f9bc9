using System.Numerics.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors;

/// <summary>
/// A dense float32 array in row-major order on a <see cref="Devices.Device"/>. Images are
/// <c>[batch, height, width, channels]</c>. A tensor computed on a <see cref="Autograd.Tape"/> belongs to it:
/// operations on the tensor are recorded there for <see cref="Tape.Backward"/>, and its memory is valid until the tape
/// is reset. A tensor without a tape lives as long as it is referenced.
/// </summary>
/// <example><code>
/// Tensor weight = Tensor.From([1f, 2f], [2]).AsParameter();
/// using var tape = new Tape();
/// Tensor x = tape.Input([3f, 5f], [2]);
/// Tensor loss = x.Add(weight).MeanSquaredError(tape.Input([0f, 0f], [2]));
/// tape.Backward(loss);
/// weight.Gradient!.ToArray();   // 4, 7: the loss is ((3+1)^2 + (5+2)^2) / 2
/// </code></example>
public sealed class Tensor
{
    private readonly Tensor? _memoryOf;
    private Storage? _storage;
    private Tensor? _gradient;
    private bool _gradientIsSet;
    private bool _gradientIsGated;

    internal Tensor(Shape shape, Storage storage, Device device, Tape? tape, bool requiresGradient)
    {
        Shape = shape;
        _storage = storage;
        Device = device;
        Tape = tape;
        RequiresGradient = requiresGradient;
    }

    private Tensor(Tensor memoryOf, Shape shape, Tape? tape, bool requiresGradient)
    {
        _memoryOf = memoryOf;
        Shape = shape;
        Device = memoryOf.Device;
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
    public Tensor? Gradient => _gradientIsSet ? _gradient : null;

    /// <summary>
    /// Whether this is the result of a ReLU. The ReLU passes a gradient on only where its result is above 0, so a
    /// kernel that computes that gradient may write 0 elsewhere.
    /// </summary>
    internal bool IsRectified { get; init; }

    internal Storage Storage =>
        _memoryOf?.Storage ?? _storage ?? throw new ObjectDisposedException(
            nameof(Tensor), "the tensor's tape has been reset; copy the values out before the reset");

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
        return new Tensor(shape, new CpuStorage(memory), Device.Default, tape: null, requiresGradient: false);
    }

    /// <summary>The same memory as a parameter: a tensor whose gradient <see cref="Tape.Backward"/> computes.</summary>
    public Tensor AsParameter() => new(this, Shape, tape: null, requiresGradient: true);

    /// <summary>
    /// The same memory and values, but no gradient flows through it: PyTorch's <c>detach</c>, sg[.] in papers.
    /// </summary>
    public Tensor Detach() => new(this, Shape, Tape, requiresGradient: false);

    /// <summary>Copies the values in, in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the number of elements.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        ThrowIfNotLength(values.Length, nameof(values));
        Device.Upload(values, Storage);
    }

    /// <summary>Copies the values out, in row-major order.</summary>
    /// <exception cref="ArgumentException">The destination's length is not the number of elements.</exception>
    public void CopyTo(Span<float> destination)
    {
        ThrowIfNotLength(destination.Length, nameof(destination));
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
        Storage is CpuStorage memory
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

    /// <summary>Sets every element to the value.</summary>
    public void Fill(float value) => Device.Fill(Storage, value);

    /// <summary>Clears the gradient and keeps its memory for the next one.</summary>
    public void ClearGradient() => _gradientIsSet = false;

    /// <summary>Shape and device, for a debugger.</summary>
    public override string ToString() => $"Tensor {Shape} on {Device.Description}";

    /// <summary>
    /// A view of the same memory under a shape with as many elements: the result of an operation, with its own
    /// gradient.
    /// </summary>
    internal Tensor Alias(Shape shape, Tape? tape, bool requiresGradient) => new(this, shape, tape, requiresGradient);

    /// <summary>
    /// Where a backward pass writes this tensor's gradient. The first write overwrites, so that nothing has to be
    /// cleared; later writes accumulate.
    /// </summary>
    /// <param name="accumulate">Whether the caller must add to the values there.</param>
    /// <param name="gated">
    /// Whether the caller leaves the whole gradient 0 where this tensor, a ReLU's result, is not above 0.
    /// </param>
    internal Storage GradientTarget(out bool accumulate, bool gated = false)
    {
        _gradient ??= Tape is null ? Uninitialized(Shape, Device) : Tape.Allocate(Shape);
        accumulate = _gradientIsSet;
        _gradientIsSet = true;
        _gradientIsGated = gated;
        return _gradient.Storage;
    }

    /// <summary>
    /// Adds the gradient of a result to this tensor's gradient. Nothing reads the result's gradient afterwards, so its
    /// memory is taken over if this tensor has no gradient yet.
    /// </summary>
    internal void TakeGradient(Tensor result)
    {
        if (!RequiresGradient) return;
        if (_gradient is null && Tape is not null)
        {
            (_gradient, _gradientIsSet, _gradientIsGated) = (result._gradient, true, false);
            (result._gradient, result._gradientIsSet) = (null, false);
        }
        else
        {
            Storage target = GradientTarget(out bool accumulate);
            Device.Scale(result._gradient!.Storage, 1, target, accumulate);
        }
    }

    /// <summary>Turns the gradient of a ReLU's result into the gradient of its input, in place.</summary>
    internal void GateGradient()
    {
        if (!_gradientIsGated) Device.ReluGradient(Storage, _gradient!.Storage, _gradient.Storage, accumulate: false);
        _gradientIsGated = true;
    }

    /// <summary>Returns memory to the device's pool.</summary>
    internal void ReturnStorage()
    {
        if (_storage is null) return;
        Device.Return(_storage);
        _storage = null;
    }

    /// <summary>Returns the gradient's memory to the device's pool; nothing may read it afterwards.</summary>
    internal void ReturnGradient()
    {
        _gradient?.ReturnStorage();
        _gradient = null;
        _gradientIsSet = false;
    }

    private static Tensor Uninitialized(Shape shape, Device? device)
    {
        device ??= Device.Default;
        return new Tensor(shape, device.Allocate(shape.Length), device, tape: null, requiresGradient: false);
    }

    private void ThrowIfNotLength(int length, string parameter)
    {
        if (length != Shape.Length)
            throw new ArgumentException(
                $"{length} values do not fit the shape {Shape}, which has {Shape.Length} elements", parameter);
    }
}
