namespace CacheProxy.Bench.Load.Traffic;

/// <summary>A sequence of requests. The same seed gives every peer the same sequence.</summary>
internal abstract class Workload
{
    /// <summary>The next request; false when there is none. It is sent at once.</summary>
    public abstract bool TryNext(out Ask ask);

    /// <summary>Called with the version that the answer has.</summary>
    public virtual void Answered(in Ask ask, int version)
    {
    }
}
