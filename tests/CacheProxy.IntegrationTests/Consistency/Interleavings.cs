namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// All orders in which parties can take their steps, each party's own in sequence. Of orders that differ only in which of two equal
/// parties is which, one is given: the one in which they start in turn.
/// </summary>
internal sealed class Interleavings
{
    private readonly Party[] _parties;
    private readonly byte[] _next;
    private readonly Lock _lock = new();
    private bool _ended;

    public Interleavings(Party[] parties)
    {
        _parties = parties;
        _next = [.. parties.SelectMany(static (party, index) => Enumerable.Repeat((byte)index, party.Steps))];
    }

    public int Length => _next.Length;

    /// <summary>Fills <paramref name="orders"/> with further orders, one after the other, and says how many.</summary>
    public int Take(byte[] orders)
    {
        var taken = 0;
        lock (_lock)
        {
            while (!_ended && (taken + 1) * Length <= orders.Length)
            {
                if (EqualsStartInTurn())
                {
                    _next.CopyTo(orders, taken * Length);
                    taken++;
                }

                _ended = !Permute();
            }
        }

        return taken;
    }

    private bool EqualsStartInTurn()
    {
        for (var i = 1; i < _parties.Length; i++)
        {
            if (_parties[i] == _parties[i - 1] && Array.IndexOf(_next, (byte)i) < Array.IndexOf(_next, (byte)(i - 1)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The next larger arrangement of the same steps.</summary>
    private bool Permute()
    {
        var rising = _next.Length - 2;
        while (rising >= 0 && _next[rising] >= _next[rising + 1])
        {
            rising--;
        }

        if (rising < 0)
        {
            return false;
        }

        var larger = _next.Length - 1;
        while (_next[larger] <= _next[rising])
        {
            larger--;
        }

        (_next[rising], _next[larger]) = (_next[larger], _next[rising]);
        _next.AsSpan(rising + 1).Reverse();
        return true;
    }
}
