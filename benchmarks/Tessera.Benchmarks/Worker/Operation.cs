namespace Tessera.Benchmarks.Worker;

/// <summary>Something to time, and to be sure of.</summary>
internal abstract class Operation
{
    /// <summary>What must be done before every call and is not timed.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>What is timed.</summary>
    public abstract void Run();

    /// <summary>A number that follows from the last call's result.</summary>
    public abstract double Check();
}
