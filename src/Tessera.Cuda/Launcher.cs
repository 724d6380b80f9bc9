using ILGPU;
using ILGPU.Runtime;
using Tessera.Cuda.Kernels;

namespace Tessera.Cuda;

/// <summary>Enqueues kernels on one stream. Each kernel is compiled once, when it is first used.</summary>
/// <param name="accelerator">What runs them.</param>
/// <param name="stream">Its stream.</param>
/// <param name="gate">Held while something is enqueued.</param>
internal sealed class Launcher(Accelerator accelerator, AcceleratorStream stream, Lock gate)
{
    private const int MostThreads = 256;

    private readonly Dictionary<Type, Delegate> _kernels = [];

    /// <summary>Receives the launches instead of the stream, where no driver records them; null for none.</summary>
    public List<Action>? Recorded { get; set; }

    /// <summary>
    /// Threads of a group, where nothing asks for a number: the simulation may have fewer than a GPU.
    /// </summary>
    public int Threads { get; } = Math.Min(MostThreads, accelerator.MaxNumThreadsPerGroup);

    /// <summary>Runs a kernel in a thread for each element.</summary>
    public void ForEach<TKernel>(int count, TKernel kernel) where TKernel : struct, IElementKernel
    {
        if (count == 0) return;
        Launch<TKernel, Action<AcceleratorStream, KernelConfig, int, TKernel>>(
            () => KernelLoaders.LoadKernel(
                accelerator, new Action<int, TKernel>(EntryPoints.Element), new KernelSpecialization(Threads, null)),
            launch => launch(stream, new KernelConfig((count + Threads - 1) / Threads, Threads), count, kernel));
    }

    /// <summary>Runs a kernel in a thread for each element of several tensors.</summary>
    public void ForEachOf<TKernel>(int tensors, TKernel kernel) where TKernel : struct, IManyKernel
    {
        int longest = 0;
        for (int tensor = 0; tensor < tensors; tensor++) longest = Math.Max(longest, kernel.Length(tensor));
        if (longest == 0) return;
        Launch<TKernel, Action<AcceleratorStream, KernelConfig, TKernel>>(
            () => KernelLoaders.LoadKernel(
                accelerator, new Action<TKernel>(EntryPoints.Many), new KernelSpecialization(Threads, null)),
            launch => launch(
                stream,
                new KernelConfig(
                    new Index3D((longest + Threads - 1) / Threads, tensors, 1), new Index3D(Threads, 1, 1)),
                kernel));
    }

    /// <summary>Runs a kernel in a warp for each item.</summary>
    public void ForEachWarp<TKernel>(int count, TKernel kernel) where TKernel : struct, IWarpKernel
    {
        if (count == 0) return;
        int threads = Math.Min(Threads, EntryPoints.WarpsPerGroup * Warps.Lanes);
        int warps = threads / Warps.Lanes;
        Launch<TKernel, Action<AcceleratorStream, KernelConfig, int, TKernel>>(
            () => KernelLoaders.LoadKernel(
                accelerator, new Action<int, TKernel>(EntryPoints.Warp), new KernelSpecialization(threads, null)),
            launch => launch(stream, new KernelConfig((count + warps - 1) / warps, threads), count, kernel));
    }

    /// <summary>Runs a kernel in a grid of groups.</summary>
    /// <param name="grid">The groups in each direction.</param>
    /// <param name="threads">Threads of a group.</param>
    /// <param name="kernel">The kernel.</param>
    public void ForEachGroup<TKernel>(Index3D grid, int threads, TKernel kernel) where TKernel : struct, IGroupKernel
    {
        if (grid.Size == 0) return;
        Launch<TKernel, Action<AcceleratorStream, KernelConfig, TKernel>>(
            () => KernelLoaders.LoadKernel(
                accelerator, new Action<TKernel>(EntryPoints.Group), new KernelSpecialization(threads, null)),
            launch => launch(stream, new KernelConfig(grid, new Index3D(threads, 1, 1)), kernel));
    }

    private void Launch<TKernel, TDelegate>(Func<TDelegate> load, Action<TDelegate> launch) where TDelegate : Delegate
    {
        using Lock.Scope scope = gate.EnterScope();
        accelerator.Bind();
        if (!_kernels.TryGetValue(typeof(TKernel), out Delegate? kernel))
            _kernels.Add(typeof(TKernel), kernel = load());
        var loaded = (TDelegate)kernel;
        if (Recorded is { } recorded) recorded.Add(() => launch(loaded));
        else launch(loaded);
    }
}
