using System.Globalization;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What happened during a run.</summary>
internal sealed class LongRunCounts
{
    private int _reads;
    private int _hits;
    private int _copies;
    private int _writes;
    private int _declined;
    private int _refused;
    private int _left;
    private int _broken;
    private int _leftAndCommitted;

    public int Reads => Volatile.Read(ref _reads);

    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Hits that a replica served from its own memory.</summary>
    public int Copies => Volatile.Read(ref _copies);

    public int Writes => Volatile.Read(ref _writes);

    /// <summary>Writes that a strict policy refused.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public void Read(in LongRunAnswer answer)
    {
        Interlocked.Increment(ref _reads);
        if (answer.IsHit)
        {
            Interlocked.Increment(ref _hits);
        }

        if (answer.IsOfCopy)
        {
            Interlocked.Increment(ref _copies);
        }
    }

    public void Written() => Interlocked.Increment(ref _writes);

    public void DeclinedByTheApi() => Interlocked.Increment(ref _declined);

    public void RefusedByThePolicy() => Interlocked.Increment(ref _refused);

    public void ClientLeft() => Interlocked.Increment(ref _left);

    /// <summary>A write that the API committed and nobody was told of; what reads return after its deadline is judged.</summary>
    public void LeftAndCommitted() => Interlocked.Increment(ref _leftAndCommitted);

    public void ConnectionBroke() => Interlocked.Increment(ref _broken);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Reads:N0} reads, {Hits:N0} hits, {Copies:N0} from copies, {Writes:N0} writes, {_declined:N0} declined by the API, {Refused:N0} refused by the policy, {_left:N0} clients left, {_leftAndCommitted:N0} of their writes committed and judged, {_broken:N0} connections broke");
}
