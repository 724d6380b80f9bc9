using System.Numerics;
using Tessera.Tensors.Devices;

namespace Tessera.Cuda.Tests;

/// <summary>A device with the storages of one call, which end with it.</summary>
internal sealed class Bench(Device device) : IDisposable
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
        var guarded = new Guarded<T>(device, values);
        _storages.Add(guarded);
        return guarded;
    }

    public void Dispose()
    {
        foreach (IDisposable storage in _storages) storage.Dispose();
    }
}

/// <summary>A storage between guard values that show writes past its ends; it is not aligned.</summary>
internal sealed class Guarded<T> : IDisposable where T : unmanaged, INumber<T>
{
    private const int Guards = 35;

    private static readonly T Guard = T.CreateTruncating(123456789);

    private readonly Device _device;
    private readonly Storage<T> _whole;

    public Guarded(Device device, ReadOnlySpan<T> values)
    {
        _device = device;
        _whole = device.Allocate<T>(Guards + values.Length + Guards);
        T[] all = new T[_whole.Length];
        Array.Fill(all, Guard);
        values.CopyTo(all.AsSpan(Guards));
        device.Upload<T>(all, _whole);
        Storage = _whole.Slice(Guards, values.Length);
    }

    public Storage<T> Storage { get; }

    public T[] Values => All()[Guards..^Guards];

    public bool IsIntact
    {
        get
        {
            T[] all = All();
            return !all.AsSpan(0, Guards).ContainsAnyExcept(Guard) && !all.AsSpan(^Guards..).ContainsAnyExcept(Guard);
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
