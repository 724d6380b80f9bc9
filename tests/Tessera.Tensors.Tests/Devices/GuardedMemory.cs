using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>A storage that starts off any alignment, between guards that show when a kernel writes past its ends.</summary>
internal sealed class GuardedMemory
{
    private const int Before = 67, After = 67;
    private const float Guard = 123456.789f;

    private readonly float[] _all;

    public GuardedMemory(ReadOnlySpan<float> values)
    {
        _all = new float[Before + values.Length + After];
        Array.Fill(_all, Guard);
        values.CopyTo(_all.AsSpan(Before));
        Storage = new CpuStorage(_all.AsMemory(Before, values.Length));
    }

    public Storage Storage { get; }

    public ReadOnlySpan<float> Values => _all.AsSpan(Before, Storage.Length);

    public bool IsIntact =>
        _all.AsSpan(0, Before).Count(Guard) == Before && _all.AsSpan(Before + Storage.Length).Count(Guard) == After;
}
