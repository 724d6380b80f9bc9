namespace Tessera.Cuda.Tests;

/// <summary>Graphs without a driver: lists of launches.</summary>
internal sealed class SimulatedGraphs(Launcher launcher) : IGraphs
{
    private readonly Dictionary<nint, List<Action>> _graphs = [];
    private int _made;

    public nint Record(Action work)
    {
        launcher.Recorded = [];
        try
        {
            work();
            _graphs.Add(++_made, launcher.Recorded);
            return _made;
        }
        finally
        {
            launcher.Recorded = null;
        }
    }

    public void Launch(nint graph)
    {
        foreach (Action launch in _graphs[graph]) launch();
    }

    public void Free(nint graph) => Assert.True(_graphs.Remove(graph), "the graph was freed before");
}
