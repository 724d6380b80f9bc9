using System.Diagnostics.CodeAnalysis;

namespace Tessera.Tensors.IO.Pickle;

/// <summary>
/// A dict in a pickle, in insertion order. Keys are text, or integers as text; items with other keys are left out.
/// </summary>
public sealed class PickledDict
{
    // Created on first use: a pickle of a megabyte can hold a million empty dicts.
    private OrderedDictionary<string, object?>? _items;

    /// <summary>The keys and their values.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Items =>
        _items ?? Enumerable.Empty<KeyValuePair<string, object?>>();

    /// <summary>The attributes in the object's <c>__dict__</c>; null for a plain dict.</summary>
    public PickledDict? Attributes { get; set; }

    /// <summary>Gets the value of a key, if there is one and it is a <typeparamref name="T"/>.</summary>
    public bool TryGet<T>(string key, [NotNullWhen(true)] out T? value) where T : class
    {
        value = _items is not null && _items.TryGetValue(key, out object? item) ? item as T : null;
        return value is not null;
    }

    /// <summary>Sets the value of a key.</summary>
    public void Set(string key, object? value) =>
        (_items ??= new OrderedDictionary<string, object?>(StringComparer.Ordinal))[key] = value;
}
