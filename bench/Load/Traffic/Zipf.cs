namespace CacheProxy.Bench.Load.Traffic;

/// <summary>Ranks 0 to count - 1; rank k is drawn in proportion to 1 / (k + 1).</summary>
internal sealed class Zipf
{
    private readonly double[] _upTo;

    public Zipf(int count)
    {
        _upTo = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            _upTo[i] = sum += 1.0 / (i + 1);
        }
    }

    public int Next(Random random)
    {
        var found = Array.BinarySearch(_upTo, random.NextDouble() * _upTo[^1]);
        return Math.Min(found < 0 ? ~found : found, _upTo.Length - 1);
    }
}
