namespace Tessera.Tensors.Nn;

/// <summary>
/// A part of a model: parameters (trained by gradients), buffers (state without gradients) and child modules, each with
/// a name. Full names are joined by dots, as in PyTorch's state dicts: <c>_encoder._conv_1.weight</c>.
/// </summary>
public abstract class Module
{
    private readonly List<(string Name, Tensor Tensor)> _state = [];
    private readonly List<(string Name, Module Module)> _children = [];

    /// <summary>Every parameter and buffer with its full name, in the order of registration.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State() =>
        _state.Concat(_children.SelectMany(
            child => child.Module.State().Select(entry => ($"{child.Name}.{entry.Name}", entry.Tensor))));

    /// <summary>Every parameter with its full name; an optimizer trains these.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters() =>
        State().Where(entry => entry.Tensor.RequiresGradient);

    /// <summary>The number of trained values.</summary>
    public long ParameterCount => Parameters().Sum(parameter => (long)parameter.Tensor.Shape.Length);

    /// <summary>Clears all gradients, before the next backward pass.</summary>
    public void ClearGradients()
    {
        foreach ((_, Tensor parameter) in Parameters()) parameter.ClearGradient();
    }

    /// <summary>Registers a trained tensor and returns it as a parameter.</summary>
    protected Tensor Parameter(string name, Tensor tensor)
    {
        Tensor parameter = tensor.AsParameter();
        _state.Add((name, parameter));
        return parameter;
    }

    /// <summary>Registers a tensor that is part of the state but gets no gradient, and returns it.</summary>
    protected Tensor Buffer(string name, Tensor tensor)
    {
        _state.Add((name, tensor));
        return tensor;
    }

    /// <summary>Registers a child module and returns it.</summary>
    protected T Child<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }
}
