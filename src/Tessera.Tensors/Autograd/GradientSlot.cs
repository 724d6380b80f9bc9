using Tessera.Tensors.Devices;

namespace Tessera.Tensors.Autograd;

/// <summary>The gradient of one tensor: where backward passes write it, and whether they have.</summary>
/// <param name="of">The tensor.</param>
internal sealed class GradientSlot(Tensor of)
{
    private Tensor? _value;
    private bool _isSet;
    private bool _isGated;
    private bool _isClosed;

    /// <summary>The gradient; null if no backward pass has written it.</summary>
    public Tensor? Value => _isSet ? _value : null;

    /// <summary>
    /// Where a backward pass writes the gradient. The first write overwrites, so that nothing has to be cleared; later
    /// writes accumulate.
    /// </summary>
    /// <param name="accumulate">Whether the caller must add to the values there.</param>
    /// <param name="gated">
    /// Whether the caller leaves the whole gradient 0 where the tensor, a ReLU's result, is not above 0.
    /// </param>
    /// <exception cref="InvalidOperationException">The gradient is closed.</exception>
    public Storage<float> Target(out bool accumulate, bool gated = false)
    {
        if (_isClosed)
            throw new InvalidOperationException(
                $"the gradient of a tensor of {of.Shape} was final in this backward pass; clear it before the next");
        _value ??= of.Tape is null ? Tensor.Uninitialized(of.Shape, of.Device) : of.Tape.Allocate(of.Shape);
        accumulate = _isSet;
        _isSet = true;
        _isGated = gated;
        return _value.Storage;
    }

    /// <summary>
    /// Adds the gradient of a result. Nothing reads the result's gradient afterwards, so its memory is taken over if
    /// there is no gradient yet.
    /// </summary>
    public void Take(Tensor result)
    {
        if (!of.RequiresGradient) return;
        GradientSlot other = result.Slot;
        if (_value is null && of.Tape is not null)
        {
            (_value, _isSet, _isGated) = (other._value, true, false);
            (other._value, other._isSet) = (null, false);
        }
        else
        {
            Storage<float> target = Target(out bool accumulate);
            of.Device.Scale(other._value!.Storage, 1, target, accumulate);
        }
    }

    /// <summary>Turns the gradient of a ReLU's result into the gradient of its input, in place.</summary>
    public void Gate()
    {
        if (!_isGated) of.Device.ReluGradient(of.Storage, _value!.Storage, _value.Storage, accumulate: false);
        _isGated = true;
    }

    /// <summary>Declares the gradient final: until <see cref="Clear"/> nothing may write to it.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Clears the gradient and keeps its memory for the next one.</summary>
    public void Clear() => _isSet = _isClosed = false;

    /// <summary>Gives the memory up: to the device's pool if the tensor is a tape's, else for good.</summary>
    public void Release()
    {
        if (of.Tape is null) _value?.Dispose();
        else _value?.ReturnStorage();
        _value = null;
        _isSet = _isClosed = false;
    }
}
