using System.Globalization;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>How far a party has come.</summary>
internal sealed class PartyState
{
    public int Steps { get; set; }

    public string Token { get; private set; } = "";

    public string Seen { get; set; } = "";

    public FillLease? Lease { get; set; }

    /// <summary>What it read from the API, or made it commit.</summary>
    public int Version { get; set; }

    /// <summary>Whether its write's fence stands: set, neither run out nor deleted by hand.</summary>
    public bool IsFenced { get; set; }

    public bool IsUnpromised { get; set; }

    public void Reset(int number)
    {
        Steps = 0;
        Token = number.ToString("x32", CultureInfo.InvariantCulture);
        Seen = "";
        Lease = null;
        Version = 0;
        IsFenced = false;
        IsUnpromised = false;
    }
}
