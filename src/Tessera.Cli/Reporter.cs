namespace Tessera.Cli;

/// <summary>
/// Progress that is told on the thread that reports it, unlike <see cref="Progress{T}"/>, which queues: a line is out
/// before the work goes on.
/// </summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
