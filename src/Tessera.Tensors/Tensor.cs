using System.Numerics.Tensors;
using Tessera.Tensors.Autograd;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors;

/// <summary>
/// A dense float32 array in row-major order on a <see cref="Devices.Device"/>. Images are
/// <c>[batch, height, width, channels]</c>. A tensor that was computed on a <see cref="Autograd.Tape"/> knows that
/// tape, and operations on it are recorded there, so that <see cref="Tape.Backward"/> can find its gradient; it lives
/// until the tape is reset. A tensor without a tape lives as long as it is referred to.
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

    /// <summary>Where the elements live.</summary>
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
    /// Whether this is the result of a ReLU. Its gradient only ever goes on to the ReLU's input, and does not where an
    /// element is not above 0; who computes it may leave those out.
    /// </summary>
    internal bool IsRectified { get; init; }

    internal Storage Storage =>
        _memoryOf?.Storage ?? _storage ?? throw new ObjectDisposedException(
            nameof(Tensor), "This tensor was computed on a tape that has been reset; copy what you need before.");

    /// <summary>A tensor of zeros.</summary>
    public static Tensor Zeros(Shape shape, Device? device = null)
    {
        Tensor tensor = Uninitialized(shape, device);
        tensor.Fill(0);
        return tensor;
    }

    /// <summary>A tensor with a copy of the values, in row-major order.</summary>
    /// <exception cref="ArgumentException">There are not as many values as the shape has elements.</exception>
    public static Tensor From(ReadOnlySpan<float> values, Shape shape, Device? device = null)
    {
        Tensor tensor = Uninitialized(shape, device);
        tensor.CopyFrom(values);
        return tensor;
    }

    /// <summary>A tensor with a copy of the values of one of .NET's own tensors (rank 1 to 4), of any strides.</summary>
    /// <exception cref="ArgumentException">The span is empty or its rank is over 4.</exception>
    public static Tensor From(in ReadOnlyTensorSpan<float> values, Device? device = null)
    {
        if (values.IsEmpty) throw new ArgumentException("The span is empty; a tensor has at least one element.", nameof(values));
        int[] sizes = new int[values.Rank];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = checked((int)values.Lengths[i]);
        var shape = new Shape(sizes);
        float[] flat = new float[shape.Length];
        values.FlattenTo(flat);
        return From(flat, shape, device);
    }

    /// <summary>
    /// A tensor over memory that the caller already has, without a copy: writes to either show in both.
    /// </summary>
    /// <exception cref="ArgumentException">The memory is not as long as the shape has elements.</exception>
    public static Tensor Wrap(Memory<float> memory, Shape shape)
    {
        if (memory.Length != shape.Length)
            throw new ArgumentException(
                $"{memory.Length} values do not fill the shape {shape}, which has {shape.Length} elements.", nameof(memory));
        return new Tensor(shape, new CpuStorage(memory), Device.Default, tape: null, requiresGradient: false);
    }

    /// <summary>The same memory as a parameter: a tensor that <see cref="Tape.Backward"/> computes the gradient of.</summary>
    public Tensor AsParameter() => new(this, Shape, tape: null, requiresGradient: true);

    /// <summary>The same memory and values, but no gradient flows through it: PyTorch's <c>detach</c>, sg[.] in papers.</summary>
    public Tensor Detach() => new(this, Shape, Tape, requiresGradient: false);

    /// <summary>Copies the values in, in row-major order.</summary>
    /// <exception cref="ArgumentException">There are not as many values as elements.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        ThrowIfNotLength(values.Length, nameof(values));
        Device.Upload(values, Storage);
    }

    /// <summary>Copies the values out, in row-major order.</summary>
    /// <exception cref="ArgumentException">The destination is not as long as this.</exception>
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
        if (Shape.Length != 1) throw new InvalidOperationException($"A tensor of shape {Shape} is not one number.");
        float value = 0;
        CopyTo(new Span<float>(ref value));
        return value;
    }

    /// <summary>The elements themselves, in row-major order, without a copy.</summary>
    /// <exception cref="NotSupportedException">They live on a device whose memory the processor cannot see.</exception>
    public Span<float> AsSpan() =>
        Storage is CpuStorage memory
            ? memory.Span
            : throw new NotSupportedException($"The memory of {Device.Description} cannot be seen as a span; use CopyTo.");

    /// <summary>
    /// The elements themselves as .NET's own tensor type, without a copy. A scalar becomes <c>[1]</c>: .NET's spans of
    /// rank 0 are empty.
    /// </summary>
    /// <exception cref="NotSupportedException">They live on a device whose memory the processor cannot see.</exception>
    public TensorSpan<float> AsTensorSpan()
    {
        Span<nint> lengths = stackalloc nint[Math.Max(Shape.Rank, 1)];
        lengths[0] = 1;
        for (int i = 0; i < Shape.Rank; i++) lengths[i] = Shape[i];
        return new TensorSpan<float>(AsSpan(), lengths);
    }

    /// <summary>Every element becomes the value.</summary>
    public void Fill(float value) => Device.Fill(Storage, value);

    /// <summary>Forgets the gradient; its memory is kept for the next one.</summary>
    public void ClearGradient() => _gradientIsSet = false;

    /// <summary>Shape and device, for a debugger.</summary>
    public override string ToString() => $"Tensor {Shape} on {Device.Description}";

    /// <summary>
    /// The same memory and values, under a shape of as many elements, as the result of an operation on a tape, with a
    /// gradient of its own.
    /// </summary>
    internal Tensor Alias(Shape shape, Tape? tape, bool requiresGradient) => new(this, shape, tape, requiresGradient);

    /// <summary>
    /// Where a backward pass writes this tensor's gradient. The first write of a pass overwrites, so that nothing has
    /// to be cleared; later ones accumulate.
    /// </summary>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <param name="gated">Whether the writer makes the whole gradient 0 where this, a ReLU's result, is not above 0.</param>
    internal Storage GradientTarget(out bool accumulate, bool gated = false)
    {
        _gradient ??= Tape is null ? Uninitialized(Shape, Device) : Tape.Allocate(Shape);
        accumulate = _gradientIsSet;
        _gradientIsSet = true;
        _gradientIsGated = gated;
        return _gradient.Storage;
    }

    /// <summary>
    /// Adds the gradient of a result, which is read by nothing afterwards: its memory becomes this tensor's gradient if
    /// there is none yet.
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

    /// <summary>Makes the gradient of a ReLU's result that of the ReLU's input, in place.</summary>
    internal void GateGradient()
    {
        if (!_gradientIsGated) Device.ReluGradient(Storage, _gradient!.Storage, _gradient.Storage, accumulate: false);
        _gradientIsGated = true;
    }

    /// <summary>Gives memory back that came from the device's pool.</summary>
    internal void ReturnStorage()
    {
        if (_storage is null) return;
        Device.Return(_storage);
        _storage = null;
    }

    /// <summary>Gives the gradient's memory back once nothing reads it any more.</summary>
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
                $"{length} values for the shape {Shape}, which has {Shape.Length} elements.", parameter);
    }
}
