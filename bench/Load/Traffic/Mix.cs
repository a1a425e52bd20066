namespace CacheProxy.Bench.Load.Traffic;

/// <summary>
/// Reads and writes of customers of 20 tenants, some far oftener than others, from an API that takes 5 to 10 ms. It knows what a perfect
/// cache would have saved of its own sequence, and sees stale answers: a read that was sent after a write's answer had arrived, and
/// returns an older version.
/// </summary>
internal sealed class Mix(int customers, double writes, int instances, int first) : Workload
{
    public const int Tenants = 20;

    private readonly Zipf _zipf = new(customers);
    private readonly int[] _acknowledged = new int[customers];
    private readonly HashSet<int> _perfect = [];
    private Random _random = new(0);

    public int Reads { get; private set; }

    public int Writes { get; private set; }

    /// <summary>The reads that a cache would have to ask the API for that forgets on a write, and only then.</summary>
    public int PerfectMisses { get; private set; }

    public int Stale { get; private set; }

    /// <summary>Counts anew; what is cached and which versions are known stays.</summary>
    public Mix Begin(int seed)
    {
        (Reads, Writes, PerfectMisses, Stale) = (0, 0, 0, 0);
        _random = new Random(seed);
        return this;
    }

    public override bool TryNext(out Ask ask)
    {
        var rank = _zipf.Next(_random);
        var isWrite = _random.NextDouble() < writes;
        if (isWrite)
        {
            Writes++;
            _perfect.Remove(rank);
        }
        else
        {
            Reads++;
            PerfectMisses += _perfect.Add(rank) ? 1 : 0;
        }

        ask = new Ask(
            new Customer(rank % Tenants, CustomerKind.Slow, first + rank),
            isWrite ? AskKind.Write : AskKind.Read,
            _random.Next(instances),
            _acknowledged[rank]);
        return true;
    }

    public override void Answered(in Ask ask, int version)
    {
        ref var acknowledged = ref _acknowledged[ask.Customer.Number - first];
        if (ask.Kind == AskKind.Write)
        {
            acknowledged = Math.Max(acknowledged, version);
        }
        else if (version < ask.Acknowledged)
        {
            Stale++;
        }
    }
}
