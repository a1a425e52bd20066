using System.Diagnostics;
using CacheProxy.Bench.Load.Machine;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>Sends a workload at a pace over a few connections and checks every answer. One thread: the machine is for the server.</summary>
internal sealed class Driver : IDisposable
{
    // Bodies above this are compared to the last byte only now and then; their length and head always are.
    private const int AlwaysWhole = 16384;
    private const int SampleOf = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Connection[] _connections;
    private readonly Stack<Connection>[] _free;
    private readonly Linux.PollEntry[] _poll;
    private readonly List<long> _latencies = new(1 << 18);
    private long _answers;

    public Driver(IReadOnlyList<int> ports, int connectionsEach)
    {
        _connections = [.. ports.SelectMany((port, i) => Enumerable.Range(0, connectionsEach).Select(_ => new Connection(i, port)))];
        _free = [.. ports.Select((_, i) => new Stack<Connection>(_connections.Where(connection => connection.Instance == i)))];
        _poll = new Linux.PollEntry[_connections.Length];
    }

    public Answers Run(Workload workload, Pace pace)
    {
        _latencies.Clear();
        var began = Stopwatch.GetTimestamp();
        var processor = Process.GetCurrentProcess().TotalProcessorTime;
        long? next;
        do
        {
            next = SendWhatIsDue(workload, pace);
            if (next is null && Array.TrueForAll(_connections, static connection => !connection.Busy))
            {
                break;
            }

            Wait(next);
            for (var i = 0; i < _poll.Length; i++)
            {
                if (_poll[i].Seen != 0 && _connections[i].Receive())
                {
                    Answered(_connections[i], workload);
                }
            }
        }
        while (true);

        return new Answers(
            [.. _latencies], Stopwatch.GetElapsedTime(began), Process.GetCurrentProcess().TotalProcessorTime - processor);
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }
    }

    /// <summary>Sends while something is due and a connection is free. The time of the next request, null after the last.</summary>
    private long? SendWhatIsDue(Workload workload, Pace pace)
    {
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            if (pace.Next(now) is not { } due)
            {
                return null;
            }

            // All instances must have a connection free, for the workload says only then which one it wants.
            if (due > now || Array.Exists(_free, static free => free.Count == 0))
            {
                return due;
            }

            if (!workload.TryNext(out var ask))
            {
                return null;
            }

            _free[ask.Instance].Pop().Send(ask, due);
            pace.Advance();
        }
    }

    private void Wait(long? next)
    {
        for (var i = 0; i < _poll.Length; i++)
        {
            _poll[i] = new Linux.PollEntry { Descriptor = _connections[i].Descriptor, Wanted = Linux.PollIn };
        }

        if (next is { } due && Array.TrueForAll(_free, static free => free.Count > 0))
        {
            var until = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            Linux.Poll(_poll, until > TimeSpan.Zero ? until : TimeSpan.Zero);
        }
        else if (!Linux.Poll(_poll, Patience))
        {
            // All are sent, or what is due waits for a connection; either way only an answer helps.
            throw new BenchFailure(
                $"No answer for {Patience.TotalSeconds} s to {Array.Find(_connections, static connection => connection.Busy)?.Ask}");
        }
    }

    private void Answered(Connection connection, Workload workload)
    {
        _latencies.Add(Stopwatch.GetTimestamp() - connection.Due);
        _free[connection.Instance].Push(connection);
        var ask = connection.Ask;
        var body = connection.Body;
        if (connection.Status != 200)
        {
            throw new BenchFailure($"The answer to {ask} has the status {connection.Status}");
        }

        var fully = body.Length <= AlwaysWhole || _answers++ % SampleOf == 0;
        workload.Answered(ask, ask.Customer.VersionIn(body, fully) ?? throw new BenchFailure($"The body of {ask} is not the API's ({body.Length} bytes)"));
    }
}
