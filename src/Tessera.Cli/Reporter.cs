namespace Tessera.Cli;

/// <summary>
/// Calls its handler at once, on the reporting thread. <see cref="Progress{T}"/> queues the call instead, so that a
/// line could appear after later work.
/// </summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
