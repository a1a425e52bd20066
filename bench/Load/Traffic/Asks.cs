namespace CacheProxy.Bench.Load.Traffic;

/// <summary>Requests that depend on nothing but their number, up to a count.</summary>
internal sealed class Asks(int count, Func<int, Ask> at) : Workload
{
    private int _next;

    /// <summary>The instance that the requests go to.</summary>
    public int First { get; init; }

    /// <summary>Among how many instances, from <see cref="First"/> on, they go round.</summary>
    public int Instances { get; init; } = 1;

    public override bool TryNext(out Ask ask)
    {
        ask = _next < count ? at(_next) with { Instance = First + (_next % Instances) } : default;
        return _next++ < count;
    }

    /// <summary>Each of the first <paramref name="keys"/> customers once.</summary>
    public static Asks Once(int keys, CustomerKind kind, int first = 0, int instances = 1) =>
        new(keys, i => new Ask(At(first + i, kind), AskKind.Read)) { Instances = instances };

    /// <summary>One of <paramref name="keys"/> customers at random each time.</summary>
    public static Asks Again(int keys, CustomerKind kind, int seed, int count = int.MaxValue, int instances = 1)
    {
        var random = new Random(seed);
        return new Asks(count, _ => new Ask(At(random.Next(keys), kind), AskKind.Read)) { Instances = instances };
    }

    /// <summary>One of <paramref name="keys"/> customers each time, some far oftener than others.</summary>
    public static Asks Skewed(int keys, CustomerKind kind, int seed)
    {
        var random = new Random(seed);
        var zipf = new Zipf(keys);
        return new Asks(int.MaxValue, _ => new Ask(At(zipf.Next(random), kind), AskKind.Read));
    }

    public static Asks PassThrough(int count = int.MaxValue, int instances = 1) =>
        new(count, static i => new Ask(At(i % 1000, CustomerKind.Small), AskKind.PassThrough)) { Instances = instances };

    /// <summary>Every request has a customer, a tenant and a caller that none had before.</summary>
    public static Asks Flood(int count) => new(count, static i => new Ask(
        new Customer(1_000 + i, CustomerKind.Small, 1_000_000_000 + i), AskKind.Read, Caller: 1 + i));

    private static Customer At(int i, CustomerKind kind) => new(i % Mix.Tenants, kind, i);
}
