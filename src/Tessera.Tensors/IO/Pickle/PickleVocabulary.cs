namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// The few names that one kind of pickle may use, and the values that replace Python's calls of them. No name is looked
/// up anywhere; a name that the vocabulary does not know is refused.
/// </summary>
public abstract class PickleVocabulary
{
    /// <summary>The value for a name; null to refuse it, a <see cref="PickledUnknown"/> to skip it.</summary>
    /// <param name="module">The module, such as <c>collections</c>.</param>
    /// <param name="name">The name in the module, such as <c>OrderedDict</c>.</param>
    public abstract object? Find(string module, string name);

    /// <summary>The value for the result of a call.</summary>
    /// <param name="callable">A value of <see cref="Find"/>, or any other value that the pickle calls.</param>
    /// <param name="arguments">The arguments.</param>
    /// <exception cref="InvalidDataException">Pickles of this kind have no such call.</exception>
    public abstract object Call(object? callable, object?[] arguments);

    /// <summary>Sets the state of a value that a call returned.</summary>
    /// <param name="target">The value.</param>
    /// <param name="state">The state.</param>
    /// <exception cref="InvalidDataException">Pickles of this kind set no such state.</exception>
    public abstract void SetState(object? target, object? state);

    /// <summary>The value for an object stored outside the pickle.</summary>
    /// <param name="id">The identifier of the object in the pickle.</param>
    /// <exception cref="InvalidDataException">Pickles of this kind have no such object.</exception>
    public virtual object FindPersistent(object? id) =>
        throw new InvalidDataException("it refers to an object outside the pickle");
}
