namespace CacheProxy.Bench.Load.Traffic;

/// <summary>Requests that depend on nothing but their number, up to a count.</summary>
internal sealed class Asks(int count, Func<int, Ask> at) : Workload
{
    private int _next;

    public override bool TryNext(out Ask ask)
    {
        ask = _next < count ? at(_next) : default;
        return _next++ < count;
    }

    /// <summary>Each of the first <paramref name="keys"/> customers once.</summary>
    public static Asks Once(int keys, CustomerKind kind, int first = 0) => new(keys, i => new Ask(At(first + i, kind), AskKind.Read));

    /// <summary>One of <paramref name="keys"/> customers at random each time.</summary>
    public static Asks Again(int keys, CustomerKind kind, int seed, int count = int.MaxValue)
    {
        var random = new Random(seed);
        return new Asks(count, _ => new Ask(At(random.Next(keys), kind), AskKind.Read));
    }

    public static Asks PassThrough(int count = int.MaxValue) => new(count, static i => new Ask(At(i % 1000, CustomerKind.Small), AskKind.PassThrough));

    /// <summary>Every request has a customer, a tenant and a caller that none had before.</summary>
    public static Asks Flood(int count) => new(count, static i => new Ask(
        new Customer(1_000 + i, CustomerKind.Small, 1_000_000_000 + i), AskKind.Read, Caller: 1 + i));

    private static Customer At(int i, CustomerKind kind) => new(i % Mix.Tenants, kind, i);
}
