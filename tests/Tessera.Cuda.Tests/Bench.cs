using System.Numerics;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

/// <summary>A device with the storages of one call, which end with it.</summary>
/// <param name="device">The device.</param>
/// <param name="isAligned">Whether the storages begin at multiples of 16 bytes, or one element before.</param>
internal sealed class Bench(Device device, bool isAligned = false) : IDisposable
{
    private readonly List<IDisposable> _storages = [];

    public Device Device => device;

    /// <summary>A storage that holds the values, between guards.</summary>
    public Storage<float> Store(ReadOnlySpan<float> values) => Guard(values).Storage;

    /// <summary>A storage that holds the indices, between guards.</summary>
    public Storage<int> Store(ReadOnlySpan<int> values) => Guard(values).Storage;

    /// <summary>A storage that holds the bytes, between guards.</summary>
    public Storage<byte> Store(ReadOnlySpan<byte> values) => Guard(values).Storage;

    /// <summary>A destination whose neighbours can be looked at.</summary>
    public Guarded<T> Guard<T>(ReadOnlySpan<T> values) where T : unmanaged, INumber<T>
    {
        var guarded = new Guarded<T>(device, values, isAligned ? 36 : 35);
        _storages.Add(guarded);
        return guarded;
    }

    public void Dispose()
    {
        foreach (IDisposable storage in _storages) storage.Dispose();
    }
}

/// <summary>A storage between guard values that show writes past its ends.</summary>
internal sealed class Guarded<T> : IDisposable where T : unmanaged, INumber<T>
{
    private static readonly T Guard = T.CreateTruncating(123456789);

    private readonly Device _device;
    private readonly int _guards;
    private readonly Storage<T> _whole;

    public Guarded(Device device, ReadOnlySpan<T> values, int guards)
    {
        (_device, _guards) = (device, guards);
        _whole = device.Allocate<T>(guards + values.Length + guards);
        T[] all = new T[_whole.Length];
        Array.Fill(all, Guard);
        values.CopyTo(all.AsSpan(guards));
        device.Upload<T>(all, _whole);
        Storage = _whole.Slice(guards, values.Length);
    }

    public Storage<T> Storage { get; }

    public T[] Values => All()[_guards..^_guards];

    public bool IsIntact
    {
        get
        {
            T[] all = All();
            return !all.AsSpan(0, _guards).ContainsAnyExcept(Guard) && !all.AsSpan(^_guards..).ContainsAnyExcept(Guard);
        }
    }

    public void Dispose() => _whole.Dispose();

    private T[] All()
    {
        T[] all = new T[_whole.Length];
        _device.Download(_whole, all);
        return all;
    }
}
