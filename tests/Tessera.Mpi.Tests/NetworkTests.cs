using System.Diagnostics;
using System.Globalization;

namespace Tessera.Mpi.Tests;

/// <summary>
/// Ranks on two machines: network namespaces with a link of 1 Gbit/s between them, and a delay of 1 ms where the kernel
/// has the queue for it (netem).
/// </summary>
public sealed class NetworkTests : IDisposable
{
    // Interfaces and namespaces of the system: a name of this process, so that nothing else is met.
    private static readonly string Name = $"t{Environment.ProcessId}";
    private static readonly string[] Addresses = ["10.251.77.1", "10.251.77.2"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        for (int i = 0; i < 2; i++) Mpirun.Try("ip", "netns", "del", $"{Name}n{i}");
        _folder.Dispose();
    }

    [Fact]
    public void Ranks_train_across_a_network()
    {
        Mpirun.SkipIfMissing();
        Assert.SkipUnless(MakeNetwork(), "may not make network namespaces (needs root, iproute2)");
        // mpirun starts its part on the other machine by this, as it would by ssh.
        string agent = _folder.Write("agent", []);
        File.WriteAllText(
            agent,
            "#!/bin/sh\nwhile [ \"${1#-}\" != \"$1\" ]; do shift; done\nshift\n"
                + $"exec ip netns exec {Name}n1 sh -c \"$*\"\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(agent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string[] training = Tool.TinyTraining(
            Pictures.In(_folder), _folder["run"], "--updates", "10", "--eval-every", "10");
        using Process mpirun = Mpirun.Start(
            [
                "--mca", "plm_rsh_agent", agent, "--mca", "btl", "tcp,self", "-H", string.Join(',', Addresses),
                .. Mpirun.Ranks(2, training),
            ],
            "ip", "netns", "exec", $"{Name}n0");
        Outcome outcome = Tool.End(mpirun);
        Assert.True(outcome.Code == 0, $"exit code {outcome.Code}: {outcome.Error}");
        Assert.Equal(11, File.ReadLines(_folder["run", "series.csv"]).Count());
        Assert.True(
            BytesReceived() > 100_000, $"a rank sent {BytesReceived()} bytes over the network, too few for gradients");
    }

    private static bool MakeNetwork()
    {
        for (int i = 0; i < 2; i++)
            if (Mpirun.Try("ip", "netns", "add", $"{Name}n{i}") is null) return false;
        if (Mpirun.Try("ip", "link", "add", $"{Name}v0", "type", "veth", "peer", "name", $"{Name}v1") is null)
            return false;
        for (int i = 0; i < 2; i++)
        {
            string space = $"{Name}n{i}", link = $"{Name}v{i}";
            if (Mpirun.Try("ip", "link", "set", link, "netns", space) is null
                || Mpirun.Try("ip", "-n", space, "addr", "add", $"{Addresses[i]}/24", "dev", link) is null
                || Mpirun.Try("ip", "-n", space, "link", "set", link, "up") is null
                || Mpirun.Try("ip", "-n", space, "link", "set", "lo", "up") is null)
                return false;
            string[] queue = ["-n", space, "qdisc", "add", "dev", link, "root"];
            if (Mpirun.Try("tc", [.. queue, "netem", "rate", "1gbit", "delay", "1ms"]) is null)
                Mpirun.Try("tc", [.. queue, "tbf", "rate", "1gbit", "burst", "1mb", "latency", "50ms"]);
        }
        return true;
    }

    private static long BytesReceived() => long.Parse(
        Mpirun.Try("ip", "netns", "exec", $"{Name}n1", "cat", $"/sys/class/net/{Name}v1/statistics/rx_bytes") ?? "0",
        CultureInfo.InvariantCulture);
}
