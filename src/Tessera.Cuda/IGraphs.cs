namespace Tessera.Cuda;

/// <summary>Records what is enqueued on a stream: by the driver, or in tests without one.</summary>
internal interface IGraphs
{
    /// <summary>Records what work enqueues, instead of running it.</summary>
    /// <returns>The graph, which is not 0.</returns>
    nint Record(Action work);

    /// <summary>Enqueues a graph.</summary>
    void Launch(nint graph);

    /// <summary>Frees a graph.</summary>
    void Free(nint graph);
}

/// <summary>The driver's CUDA graphs of a stream.</summary>
internal sealed class CudaGraphs : IGraphs
{
    private readonly nint _stream;

    private CudaGraphs(nint stream) => _stream = stream;

    /// <summary>The graphs of a stream; null if the driver cannot record, which some drivers cannot.</summary>
    public static CudaGraphs? Create(nint stream)
    {
        try
        {
            Driver.Free(Driver.Record(stream, () => { }));
            return new CudaGraphs(stream);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public nint Record(Action work) => Driver.Record(_stream, work);

    public void Launch(nint graph) => Driver.Launch(graph, _stream);

    public void Free(nint graph) => Driver.Free(graph);
}
