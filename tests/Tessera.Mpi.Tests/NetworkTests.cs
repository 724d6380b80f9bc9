using System.Diagnostics;
using System.Net.Sockets;

namespace Tessera.Mpi.Tests;

/// <summary>
/// Ranks on two machines: network namespaces with a link of 1 Gbit/s and 1 ms between them.
/// </summary>
public sealed class NetworkTests : IDisposable
{
    // Interfaces and namespaces of the system: a name of this process, so that nothing else is met.
    private static readonly string Name = $"t{Environment.ProcessId}";
    private static readonly string[] Addresses = ["10.251.77.1", "10.251.77.2"];

    private readonly TemporaryFolder _folder = new();
    private SlowLink? _link;

    public void Dispose()
    {
        _link?.Dispose();
        for (int i = 0; i < 2; i++)
        {
            Mpirun.Try("ip", "link", "del", $"{Name}m{i}");
            Mpirun.Try("ip", "netns", "del", $"{Name}n{i}");
        }
        _folder.Dispose();
    }

    [Fact]
    public void Ranks_train_across_a_network()
    {
        Mpirun.SkipIfMissing();
        Assert.SkipUnless(MakeNetwork(), "may not make network namespaces with a link (needs root, iproute2)");
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
            _link!.Bytes is { ToFirst: > 100_000, ToSecond: > 100_000 },
            $"the ranks sent {_link.Bytes} bytes over the network, too few for gradients");
        Assert.True(
            _link.LeastDelay >= TimeSpan.FromMilliseconds(1),
            $"a frame came after {_link.LeastDelay.TotalMilliseconds} ms");
    }

    // Each machine's card (v) has its other end (m) here, where the link is.
    private bool MakeNetwork()
    {
        for (int i = 0; i < 2; i++)
        {
            string space = $"{Name}n{i}", card = $"{Name}v{i}", end = $"{Name}m{i}";
            if (Mpirun.Try("ip", "netns", "add", space) is null
                || Mpirun.Try("ip", "link", "add", end, "type", "veth", "peer", "name", card, "netns", space) is null
                || Mpirun.Try("ip", "link", "set", end, "up") is null
                || Mpirun.Try("ip", "-n", space, "addr", "add", $"{Addresses[i]}/24", "dev", card) is null
                || Mpirun.Try("ip", "-n", space, "link", "set", card, "up") is null
                || Mpirun.Try("ip", "-n", space, "link", "set", "lo", "up") is null)
                return false;
        }
        try
        {
            _link = new SlowLink($"{Name}m0", $"{Name}m1");
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
