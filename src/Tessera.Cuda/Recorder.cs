namespace Tessera.Cuda;

/// <summary>
/// Work as CUDA graphs: the host launches one at once, however many kernels it has. The first run of
/// a piece of work goes without: its kernels are compiled and its buffers allocated then. The second one is recorded.
/// </summary>
internal sealed class Recorder
{
    private readonly Dictionary<Action, nint> _graphs = [];
    private readonly Lock _lock = new();
    private readonly nint _stream;

    private Recorder(nint stream) => _stream = stream;

    /// <summary>A recorder for a stream; null if the driver cannot record, which some drivers cannot.</summary>
    public static Recorder? Create(nint stream)
    {
        try
        {
            Driver.Free(Driver.Record(stream, () => { }));
            return new Recorder(stream);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether work is being recorded: what reads or writes host memory would be recorded too.</summary>
    public bool IsRecording { get; private set; }

    /// <summary>Runs work, records it and runs that, or runs what was recorded.</summary>
    public void Run(Action work)
    {
        using Lock.Scope scope = _lock.EnterScope();
        if (!_graphs.TryGetValue(work, out nint graph))
        {
            work();
            _graphs.Add(work, 0);
            return;
        }
        if (graph == 0) _graphs[work] = graph = Record(work);
        Driver.Launch(graph, _stream);
    }

    /// <summary>Forgets what was recorded.</summary>
    public void Clear()
    {
        using Lock.Scope scope = _lock.EnterScope();
        foreach (nint graph in _graphs.Values.Where(graph => graph != 0)) Driver.Free(graph);
        _graphs.Clear();
    }

    private nint Record(Action work)
    {
        IsRecording = true;
        try
        {
            return Driver.Record(_stream, work);
        }
        finally
        {
            IsRecording = false;
        }
    }
}
