using System.Runtime.ExceptionServices;

namespace Tessera.Data;

/// <summary>Loops on all cores.</summary>
internal static class AllCores
{
    /// <summary>
    /// Calls <paramref name="work"/> with each number. What it throws comes out as it is, not in an
    /// <see cref="AggregateException"/>, whose message no user could follow.
    /// </summary>
    /// <param name="first">The first number.</param>
    /// <param name="end">The number after the last.</param>
    /// <param name="work">Called on any thread.</param>
    /// <param name="cancellation">Stops the loop.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static void For(int first, int end, Action<int> work, CancellationToken cancellation = default)
    {
        try
        {
            Parallel.For(first, end, new ParallelOptions { CancellationToken = cancellation }, work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
