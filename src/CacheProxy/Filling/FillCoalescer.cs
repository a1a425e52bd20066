using System.Collections.Concurrent;

namespace CacheProxy.Filling;

/// <summary>The flights of this process.</summary>
internal sealed class FillCoalescer
{
    private readonly ConcurrentDictionary<FlightKey, FillFlight> _flights = new();

    /// <summary>How many requests wait for what others fetch.</summary>
    internal int Waiting => _flights.Values.Sum(static flight => flight.Waiters);

    /// <summary>Joins the flight of a variant, or starts one.</summary>
    /// <param name="key">What is wanted.</param>
    /// <param name="leads">Whether the caller leads and must call <see cref="Land"/>.</param>
    public FillFlight JoinOrLead(FlightKey key, out bool leads)
    {
        FillFlight? own = null;
        while (true)
        {
            if (!_flights.TryGetValue(key, out var flight))
            {
                own ??= new FillFlight(key);
                flight = _flights.GetOrAdd(key, own);
            }

            leads = ReferenceEquals(flight, own);
            if (leads || !flight.IsOver)
            {
                return flight;
            }

            _flights.TryRemove(new KeyValuePair<FlightKey, FillFlight>(key, flight));
        }
    }

    /// <summary>Ends a flight; whoever still waits goes to the API.</summary>
    public void Land(FillFlight flight)
    {
        _flights.TryRemove(new KeyValuePair<FlightKey, FillFlight>(flight.Key, flight));
        flight.Finish(FlightResult.Forward);
        flight.Dispose();
    }
}
