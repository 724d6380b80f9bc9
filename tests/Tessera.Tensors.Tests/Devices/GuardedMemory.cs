using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Tensors.Devices;
using Tessera.Tensors.Devices.Cpu;
using Tessera.Tensors.Devices.Cpu.Simd;

namespace Tessera.Tensors.Tests.Devices;

/// <summary>
/// A storage between guard values that show writes past its ends. It is not aligned, unless it is large enough to be
/// stored past the caches: then it starts on a cache line, as a device's own storages do, because only those are stored
/// so.
/// </summary>
internal sealed class GuardedMemory
{
    private const int Guards = 67;
    private const float Guard = 123456.789f;

    private readonly float[] _all;
    private readonly int _before;

    public unsafe GuardedMemory(ReadOnlySpan<float> values)
    {
        _all = GC.AllocateUninitializedArray<float>(Guards + values.Length + Guards + CacheLine.Floats, pinned: true);
        _before = Guards;
        if (values.Length >= EpilogueKernel<Simd256, Vector256<float>>.StreamedFloats)
        {
            var start = (float*)Unsafe.AsPointer(ref _all[0]);
            _before = (int)(CacheLine.Align(start + Guards) - start);
        }
        Array.Fill(_all, Guard);
        values.CopyTo(_all.AsSpan(_before));
        Storage = new CpuStorage(_all.AsMemory(_before, values.Length));
    }

    public Storage Storage { get; }

    public ReadOnlySpan<float> Values => _all.AsSpan(_before, Storage.Length);

    public bool IsIntact =>
        !_all.AsSpan(0, _before).ContainsAnyExcept(Guard)
            && !_all.AsSpan(_before + Storage.Length).ContainsAnyExcept(Guard);
}
