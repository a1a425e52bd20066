using System.Globalization;
using CacheProxy.Filling;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>How far a party has come that goes through a replica, and what is promised of its write.</summary>
internal sealed class ReplicaPartyState(Party party, FakeTimeProvider time)
{
    private int _calls;

    public int Steps { get; set; }

    public string Token { get; private set; } = "";

    /// <summary>What it read from the API, or made it commit; 0 for nothing yet.</summary>
    public int Version { get; set; }

    // A fill.
    public FillLease? Lease { get; set; }

    public Flight? Leads { get; set; }

    public Task<FlightResult>? Follows { get; set; }

    /// <summary>What was promised when the read that follows began.</summary>
    public int PromisedBefore { get; set; }

    /// <summary>Whether the API's answer says that it depends on the language.</summary>
    public bool Varies { get; set; }

    // A write.
    public ResourceFence? Write { get; set; }

    public bool IsRefused { get; set; }

    /// <summary>When the fence that the store has falls by itself; 0 while there is none.</summary>
    public long FencedUntil { get; private set; }

    /// <summary>The same as Redis saved it.</summary>
    public long SavedFence { get; private set; }

    /// <summary>How long the API may go on with it: for ever while somebody waits for the answer.</summary>
    public long MayCommitUntil { get; set; }

    /// <summary>Whether its replica has to see to it that the others learn of its version.</summary>
    public bool IsUnsettled { get; set; }

    public bool IsUnpromised { get; set; }

    /// <summary>Whether who wrote past the replicas was told that all of them know of it.</summary>
    public bool IsTaken { get; set; }

    // Calls to the store that wait for the party's next step.
    public Queue<Func<Task>> Late { get; } = new();

    public TaskCompletionSource? BeforeTheStore { get; set; }

    public TaskCompletionSource? AfterTheStore { get; set; }

    public Task Running { get; set; } = Task.CompletedTask;

    public bool IsFenced => FencedUntil > time.GetTimestamp();

    public void Reset(int number)
    {
        _calls = 0;
        Steps = 0;
        Token = number.ToString("x32", CultureInfo.InvariantCulture);
        Version = 0;
        Lease = null;
        Leads = null;
        Follows = null;
        PromisedBefore = 0;
        Varies = false;
        Write = null;
        IsRefused = false;
        FencedUntil = 0;
        SavedFence = 0;
        MayCommitUntil = long.MaxValue;
        IsUnsettled = false;
        IsUnpromised = false;
        IsTaken = false;
        Late.Clear();
        BeforeTheStore = null;
        AfterTheStore = null;
        Running = Task.CompletedTask;
    }

    public FaultKind NextFault() => party.Fault.Of(_calls++);

    public void Fence(string token, TimeSpan deadline)
    {
        if (token == Token)
        {
            FencedUntil = Math.Max(FencedUntil, time.GetTimestamp() + (long)(deadline.TotalSeconds * time.TimestampFrequency));
        }
    }

    /// <summary>Its own end removes its fence, unless nobody knows what came of the write; nobody else's does.</summary>
    public void Unfence(string token, WriteResult result)
    {
        if (token == Token && result != WriteResult.Unknown)
        {
            FencedUntil = 0;
            SavedFence = 0;
        }
    }

    public void SaveFence() => SavedFence = FencedUntil;

    /// <summary>Redis has lost it, or is back to what it had saved.</summary>
    public void LoseFence(bool withMemory) => FencedUntil = withMemory ? Math.Min(FencedUntil, SavedFence) : 0;
}
