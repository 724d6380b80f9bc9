using System.Numerics;
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
internal sealed class GuardedMemory<T> where T : unmanaged, INumber<T>
{
    private const int Guards = 67;

    private static readonly T Guard = T.CreateTruncating(123456789);

    private readonly T[] _all;
    private readonly int _before;

    public unsafe GuardedMemory(ReadOnlySpan<T> values)
    {
        int line = CacheLine.Bytes / sizeof(T);
        _all = GC.AllocateUninitializedArray<T>(Guards + values.Length + Guards + line, pinned: true);
        _before = Guards;
        if (values.Length >= EpilogueKernel<Simd256, Vector256<float>>.StreamedFloats)
        {
            var start = (byte*)Unsafe.AsPointer(ref _all[0]);
            byte* aligned = (byte*)CacheLine.Align((float*)(start + Guards * sizeof(T)));
            _before = (int)(aligned - start) / sizeof(T);
        }
        Array.Fill(_all, Guard);
        values.CopyTo(_all.AsSpan(_before));
        Storage = new CpuStorage<T>(_all.AsMemory(_before, values.Length));
    }

    public Storage<T> Storage { get; }

    public ReadOnlySpan<T> Values => _all.AsSpan(_before, Storage.Length);

    public bool IsIntact =>
        !_all.AsSpan(0, _before).ContainsAnyExcept(Guard)
            && !_all.AsSpan(_before + Storage.Length).ContainsAnyExcept(Guard);
}
