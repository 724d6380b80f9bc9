using Tessera.Tensors.Devices;

namespace Tessera.Cuda;

/// <summary>
/// Work as CUDA graphs: the host launches one at once, however many kernels it has. The first run of a piece of work
/// goes without: its kernels are compiled and its buffers allocated then. The second one is recorded. The buffers are
/// the owner's alone from the first run on. Serves one thread at a time.
/// </summary>
/// <param name="device">The device, whose buffers are used.</param>
/// <param name="graphs">Makes graphs.</param>
internal sealed class Recorder(Device device, IGraphs graphs)
{
    private readonly Dictionary<object, Owner> _owners = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether work is being recorded: what reads or writes host memory would be recorded too.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>The graphs that are kept.</summary>
    public int Count => _owners.Values.Sum(owner => owner.Graphs.Values.Count(graph => graph != 0));

    /// <summary>Runs work, records it and runs that, or runs what was recorded.</summary>
    public void Run(Action work, object name)
    {
        if (!_owners.TryGetValue(name, out Owner? owner)) _owners.Add(name, owner = new Owner(new BufferPools(device)));
        if (!owner.Graphs.TryGetValue(work, out nint graph))
        {
            Device.Run(work, owner.Pools);
            owner.Graphs.Add(work, 0);
            return;
        }
        if (graph == 0) owner.Graphs[work] = graph = Record(work, owner.Pools);
        graphs.Launch(graph);
    }

    /// <summary>Whether an owner has submitted work.</summary>
    public bool Knows(object name) => _owners.ContainsKey(name);

    /// <summary>Forgets what was recorded of an owner, or all, and frees its buffers.</summary>
    public void Forget(object? name)
    {
        foreach (object known in name is null ? [.. _owners.Keys] : (object[])[name])
        {
            if (!_owners.Remove(known, out Owner? owner)) continue;
            foreach (nint graph in owner.Graphs.Values.Where(graph => graph != 0)) graphs.Free(graph);
            owner.Pools.Close();
        }
    }

    private nint Record(Action work, BufferPools pools)
    {
        IsRecording = true;
        try
        {
            return graphs.Record(() => Device.Run(work, pools));
        }
        finally
        {
            IsRecording = false;
        }
    }

    /// <param name="Pools">Its buffers.</param>
    private sealed record Owner(BufferPools Pools)
    {
        // 0 for work that has run once.
        public Dictionary<Action, nint> Graphs { get; } = [];
    }
}
