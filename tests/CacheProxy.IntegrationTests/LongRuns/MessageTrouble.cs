using System.Globalization;
using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What becomes of the messages on one replica's way from Redis, in turns: all pass, some are lost, some are late, none arrives.</summary>
/// <param name="seed">What decides.</param>
/// <param name="cuts">Whether some end their connection.</param>
internal sealed class MessageTrouble(int seed, bool cuts)
{
    private const int LongestDelayMs = 400;

    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);
    private Kind _kind = Kind.AllPass;
    private int _passed;
    private int _lost;
    private int _late;
    private int _cut;

    private enum Kind
    {
        AllPass,
        SomeAreLost,
        SomeAreLate,
        NoneArrives,
        Anything,
    }

    /// <summary>Something else happens from now on.</summary>
    public void Turn()
    {
        lock (_lock)
        {
            _kind = (Kind)_random.Next(5);
        }
    }

    /// <summary>For <see cref="TcpRelay.To"/>.</summary>
    public int Fate()
    {
        lock (_lock)
        {
            var fate = _kind switch
            {
                Kind.AllPass => RelayedMessages.Passes,
                Kind.SomeAreLost => _random.Next(2) == 0 ? RelayedMessages.IsLost : RelayedMessages.Passes,
                Kind.SomeAreLate => _random.Next(2) == 0 ? _random.Next(1, LongestDelayMs) : RelayedMessages.Passes,
                Kind.NoneArrives => RelayedMessages.IsLost,
                Kind.Anything => _random.Next(20) switch
                {
                    0 when cuts => RelayedMessages.IsTheLast,
                    < 7 => RelayedMessages.IsLost,
                    < 14 => _random.Next(1, LongestDelayMs),
                    _ => RelayedMessages.Passes,
                },
            };
            _ = fate switch
            {
                RelayedMessages.Passes => _passed++,
                RelayedMessages.IsLost => _lost++,
                RelayedMessages.IsTheLast => _cut++,
                _ => _late++,
            };
            return fate;
        }
    }

    /// <summary>What became of all messages.</summary>
    public static string Told(IEnumerable<MessageTrouble> ways)
    {
        var (passed, lost, late, cut) = ways.Aggregate((0, 0, 0, 0), static (sum, way) =>
            (sum.Item1 + way._passed, sum.Item2 + way._lost, sum.Item3 + way._late, sum.Item4 + way._cut));
        return string.Create(CultureInfo.InvariantCulture, $"of the messages {passed:N0} passed, {lost:N0} lost, {late:N0} late, {cut:N0} ended a connection");
    }

    /// <summary>Whether any message was in trouble.</summary>
    public bool HasTroubled
    {
        get
        {
            lock (_lock)
            {
                return _lost + _late + _cut > 0;
            }
        }
    }
}
