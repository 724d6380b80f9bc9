using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tessera.Mpi.Tests;

/// <summary>
/// A cable between two network interfaces of Linux that carries 1 Gbit/s, and each frame 1 ms late. It needs no queue
/// of the kernel (netem), which containers rarely have: packet sockets hand the frames over.
/// </summary>
internal sealed class SlowLink : IDisposable
{
    private const double BytesPerSecond = 1e9 / 8, Delay = 0.001;

    // ETH_P_ALL, in the order of the network, and the options of packet(7).
    private const ProtocolType AllFrames = (ProtocolType)0x0300;
    private const int PacketLevel = 263, WithOffloadHeader = 15, ReceiveBuffer = 16 << 20;

    // A frame before it is cut into packets, behind the header that says how.
    private const int LargestFrame = (64 << 10) + 256;

    private readonly Socket[] _ends;
    private readonly BlockingCollection<(long Came, long Due, byte[] Frame)>[] _queues = [[], []];
    private readonly Thread[] _threads;
    private readonly long[] _bytes = new long[2];
    private long _leastDelay = long.MaxValue;
    private volatile bool _stopped;

    /// <summary>Connects two interfaces of this network namespace. Needs root.</summary>
    /// <exception cref="SocketException">Packet sockets are not allowed here.</exception>
    public SlowLink(string first, string second)
    {
        Socket end = Open(first);
        try
        {
            _ends = [end, Open(second)];
        }
        catch
        {
            end.Dispose();
            throw;
        }
        _threads =
        [
            .. ((int[])[0, 1]).SelectMany(from => (Thread[])
            [
                new(() => Receive(from)) { IsBackground = true }, new(() => Send(from)) { IsBackground = true },
            ]),
        ];
        foreach (Thread thread in _threads) thread.Start();
    }

    /// <summary>The bytes carried to the first interface and to the second.</summary>
    public (long ToFirst, long ToSecond) Bytes => (Volatile.Read(ref _bytes[1]), Volatile.Read(ref _bytes[0]));

    /// <summary>The shortest time that a frame took; <see cref="TimeSpan.MaxValue"/> if none came.</summary>
    public TimeSpan LeastDelay => new(Volatile.Read(ref _leastDelay));

    public void Dispose()
    {
        _stopped = true;
        foreach (Thread thread in _threads) thread.Join();
        foreach (Socket end in _ends) end.Dispose();
        foreach (BlockingCollection<(long, long, byte[])> queue in _queues) queue.Dispose();
    }

    private static Socket Open(string name)
    {
        // Of no protocol until it is bound, or it would take the frames of all interfaces.
        var socket = new Socket(AddressFamily.Packet, SocketType.Raw, 0) { ReceiveBufferSize = ReceiveBuffer };
        // The kernel cuts frames and adds checksums late, at the real card. The header keeps what is still to be done.
        socket.SetRawSocketOption(PacketLevel, WithOffloadHeader, [1, 0, 0, 0]);
        string index = File.ReadAllText($"/sys/class/net/{name}/ifindex");
        socket.Bind(new PacketEndPoint(int.Parse(index, CultureInfo.InvariantCulture)));
        return socket;
    }

    private void Receive(int from)
    {
        byte[] buffer = new byte[LargestFrame];
        long free = 0;
        while (!_stopped)
        {
            int length;
            try
            {
                if (!_ends[from].Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead)) continue;
                length = _ends[from].Receive(buffer);
            }
            catch (SocketException)
            {
                // The interface is down or gone: a cable that is cut.
                continue;
            }
            long came = Stopwatch.GetTimestamp(), takes = (long)(length / BytesPerSecond * Stopwatch.Frequency);
            free = Math.Max(free, came) + takes;
            _queues[from].Add((came, free + (long)(Delay * Stopwatch.Frequency), buffer[..length]));
        }
        _queues[from].CompleteAdding();
    }

    private void Send(int from)
    {
        foreach ((long came, long due, byte[] frame) in _queues[from].GetConsumingEnumerable())
        {
            while (Stopwatch.GetTimestamp() < due && !_stopped) Thread.Sleep(1);
            if (_stopped) return;
            long delay = Stopwatch.GetElapsedTime(came).Ticks;
            lock (_bytes) _leastDelay = Math.Min(_leastDelay, delay);
            try
            {
                _ends[1 - from].Send(frame);
                Interlocked.Add(ref _bytes[from], frame.Length);
            }
            catch (SocketException)
            {
                // As a card with a full queue does, it loses the frame.
            }
        }
    }

    /// <summary>The address of an interface (<c>sockaddr_ll</c>).</summary>
    private sealed class PacketEndPoint(int index) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            BinaryPrimitives.WriteUInt16LittleEndian(address.Buffer.Span[2..], (ushort)AllFrames);
            BinaryPrimitives.WriteInt32LittleEndian(address.Buffer.Span[4..], index);
            return address;
        }
    }
}
