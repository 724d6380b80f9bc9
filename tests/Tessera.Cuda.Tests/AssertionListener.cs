using System.Diagnostics;

namespace Tessera.Cuda.Tests;

/// <summary>
/// Ends the process where a kernel leaves a view's bounds, with the stack. xunit's own listener throws, which ends one
/// thread of the simulation: the others of its group would wait for it at their next barrier, for ever.
/// </summary>
internal sealed class AssertionListener : TraceListener
{
    public override void Fail(string? message, string? detailMessage) =>
        Environment.FailFast($"a kernel on the simulation: {message} {detailMessage}");

    public override void Fail(string? message) => Fail(message, detailMessage: null);

    public override void Write(string? message)
    {
    }

    public override void WriteLine(string? message)
    {
    }
}
