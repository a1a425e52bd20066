using System.Globalization;
using System.Net.Sockets;
using CacheProxy.Bench.Load.Machine;

namespace CacheProxy.Bench.Load.Peers;

/// <summary>The Redis of a peer, and the few questions that the benchmark has for it.</summary>
internal sealed class RedisServer(Server server) : IDisposable
{
    private readonly TcpClient _client = new("127.0.0.1", server.Port);

    public int Port => server.Port;

    public TimeSpan ProcessorTime() => server.ProcessorTime();

    /// <summary>Those within scripts included.</summary>
    public long Commands() => CommandStatistics().Values.Sum(static command => command.Calls);

    /// <summary>Of each command, how often it ran and how long that took, what its scripts ran included.</summary>
    public Dictionary<string, (long Calls, double Microseconds)> CommandStatistics() =>
        ReadCommandStatistics(Ask("INFO commandstats"));

    /// <summary>Half of the calls of each command took less, in microseconds; what the machine did in between does not change it.</summary>
    public Dictionary<string, double> MedianMicroseconds()
    {
        const string Line = "latency_percentiles_usec_";
        return Ask("INFO latencystats").Split('\n')
            .Where(static line => line.StartsWith(Line, StringComparison.Ordinal))
            .ToDictionary(static line => line[Line.Length..line.IndexOf(':', StringComparison.Ordinal)], static line => Value(line, "p50="));
    }

    /// <summary>Begins to count anew.</summary>
    public void ResetStatistics() => Ask("CONFIG RESETSTAT");

    /// <summary>How many replicas have a lease on the resource.</summary>
    public int Holders(string key) => Ask($"HKEYS {key}").Split('\n').Count(static field => field.StartsWith("held:", StringComparison.Ordinal));

    public static Dictionary<string, (long Calls, double Microseconds)> ReadCommandStatistics(string info)
    {
        var commands = new Dictionary<string, (long Calls, double Microseconds)>(StringComparer.Ordinal);
        foreach (var line in info.Split('\n').Where(static line => line.StartsWith("cmdstat_", StringComparison.Ordinal)))
        {
            // cmdstat_hmget:calls=12,usec=34,usec_per_call=2.83,...
            var name = line["cmdstat_".Length..line.IndexOf(':', StringComparison.Ordinal)];
            commands[name] = ((long)Value(line, "calls="), Value(line, "usec="));
        }

        return commands;
    }

    public void Dispose()
    {
        _client.Dispose();
        server.Dispose();
    }

    private static double Value(string line, string name)
    {
        var from = line.IndexOf(name, StringComparison.Ordinal) + name.Length;
        return double.Parse(line[from..].Split(',')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>The lines of the reply, a word, a bulk string or a list of them. The connection is for this alone, so what else Redis does waits for nothing.</summary>
    private string Ask(string command)
    {
        var stream = _client.GetStream();
        stream.Write(System.Text.Encoding.ASCII.GetBytes(command + "\r\n"));
        var head = ReadLine(stream);
        static int Count(string line) => int.Parse(line.AsSpan(1), CultureInfo.InvariantCulture);
        return head[0] switch
        {
            '+' => head,
            '$' => ReadBulk(stream, Count(head)),
            '*' => string.Join('\n', Enumerable.Range(0, Count(head)).Select(_ => ReadBulk(stream, Count(ReadLine(stream))))),
            _ => throw new BenchFailure($"Redis answered {head} to {command}"),
        };
    }

    private static string ReadLine(NetworkStream stream)
    {
        var line = new System.Text.StringBuilder();
        while (stream.ReadByte() is var letter and not '\n')
        {
            if (letter < 0)
            {
                throw new BenchFailure("Redis has ended the connection");
            }

            line.Append((char)letter);
        }

        return line.ToString().TrimEnd('\r');
    }

    private static string ReadBulk(NetworkStream stream, int length)
    {
        var bytes = new byte[length + 2];
        stream.ReadExactly(bytes);
        return System.Text.Encoding.ASCII.GetString(bytes, 0, length);
    }
}
