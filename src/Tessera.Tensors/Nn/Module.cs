namespace Tessera.Tensors.Nn;

/// <summary>
/// A part of a model: parameters (trained by gradients), buffers (state that is not) and parts of its own, each with a
/// name. Full names join with dots, as in PyTorch's state dictionaries: <c>_encoder._conv_1.weight</c>.
/// </summary>
public abstract class Module
{
    private readonly List<(string Name, Tensor Tensor)> _state = [];
    private readonly List<(string Name, Module Module)> _children = [];

    /// <summary>Every parameter and buffer with its full name, in the order of registration.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _state.Concat(_children.SelectMany(
            child => child.Module.State().Select(entry => ($"{child.Name}.{entry.Name}", entry.Tensor))));

    /// <summary>Every parameter with its full name: what an optimizer trains.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters() =>
        State().Where(entry => entry.Tensor.RequiresGradient);

    /// <summary>How many numbers are trained.</summary>
    public long ParameterCount => Parameters().Sum(parameter => (long)parameter.Tensor.Shape.Length);

    /// <summary>Forgets all gradients, before the next backward pass.</summary>
    public void ClearGradients()
    {
        foreach ((_, Tensor parameter) in Parameters()) parameter.ClearGradient();
    }

    /// <summary>Registers a tensor that is trained, and returns it as a parameter.</summary>
    protected Tensor Parameter(string name, Tensor tensor)
    {
        Tensor parameter = tensor.AsParameter();
        _state.Add((name, parameter));
        return parameter;
    }

    /// <summary>Registers a tensor that belongs to the state but gets no gradient, and returns it.</summary>
    protected Tensor Buffer(string name, Tensor tensor)
    {
        _state.Add((name, tensor));
        return tensor;
    }

    /// <summary>Registers a part, and returns it.</summary>
    protected T Child<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }
}
