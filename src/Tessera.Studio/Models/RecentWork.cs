using Tessera.Studio.Http;

namespace Tessera.Studio.Models;

/// <summary>Work that takes long, by what it is about; what was asked for longest ago is forgotten.</summary>
/// <typeparam name="TKey">What it is about.</typeparam>
/// <typeparam name="T">Its result.</typeparam>
/// <param name="most">How many are kept.</param>
/// <param name="compute">Does the work; reports what it does.</param>
internal sealed class RecentWork<TKey, T>(int most, Func<TKey, Action<string, double>, Task<T>> compute)
    where TKey : notnull
    where T : class
{
    private readonly Lock _lock = new();
    // The one used last is at the end.
    private readonly OrderedDictionary<TKey, Computed<T>> _known = [];

    /// <summary>The work about something, begun or not.</summary>
    public Computed<T> Of(TKey key)
    {
        lock (_lock)
        {
            if (_known.Remove(key, out Computed<T>? found)) _known.Add(key, found);
            else _known.Add(key, found = new Computed<T>(report => compute(key, report)));
            if (_known.Count > most) _known.RemoveAt(0);
            return found;
        }
    }
}
