using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// A dict in a pickle, in the order in which its keys were set: text, or integers as text. Items with other keys are
/// left out.
/// </summary>
public sealed class PickledDict
{
    // Made when something is set: a pickle can hold a million empty dicts in a megabyte.
    private OrderedDictionary<string, object?>? _items;

    /// <summary>The keys and their values.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Items => _items ?? Enumerable.Empty<KeyValuePair<string, object?>>();

    /// <summary>What Python keeps in the object's <c>__dict__</c>; null for a plain dict.</summary>
    public PickledDict? Attributes { get; set; }

    /// <summary>The value of a key, if the dict has it and it is a <typeparamref name="T"/>.</summary>
    public bool TryGet<T>(string key, [NotNullWhen(true)] out T? value) where T : class
    {
        value = _items is not null && _items.TryGetValue(key, out object? item) ? item as T : null;
        return value is not null;
    }

    /// <summary>Sets the value of a key.</summary>
    public void Set(string key, object? value) =>
        (_items ??= new OrderedDictionary<string, object?>(StringComparer.Ordinal))[key] = value;
}
