namespace Tessera;

/// <summary>
/// Calls its handler at once, on the reporting thread. (<see cref="Progress{T}"/> queues the call, so that the handler
/// may run after later work.)
/// </summary>
/// <typeparam name="T">What is reported.</typeparam>
/// <param name="report">The handler.</param>
/// <example><code>
/// trainer.Run(new ImmediateProgress&lt;RunProgress&gt;(progress => Console.WriteLine(progress.Update)));
/// </code></example>
public sealed class ImmediateProgress<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
