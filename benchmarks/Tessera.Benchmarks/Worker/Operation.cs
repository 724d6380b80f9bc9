namespace Tessera.Benchmarks.Worker;

/// <summary>Something to time, with a check of its result.</summary>
internal abstract class Operation
{
    /// <summary>Work before every call that is not timed.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>The timed work.</summary>
    public abstract void Run();

    /// <summary>A number computed from the last call's result.</summary>
    public abstract double Check();
}
