namespace Tessera.Tensors.Distributed;

/// <summary>What a process has sent to the others.</summary>
/// <param name="Messages">Messages, each to all others at once.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="Time">The time until they had arrived, with the wait for ranks that came later.</param>
public readonly record struct CollectiveTraffic(long Messages, long Bytes, TimeSpan Time);
