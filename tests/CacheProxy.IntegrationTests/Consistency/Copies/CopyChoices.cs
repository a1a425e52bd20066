using System.Diagnostics;
using System.Numerics;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// The choices of one order, from which the next is found. Of orders that differ only in when steps come that have nothing to do with each other,
/// mostly one is played, by sleep sets (Godefroid, 1996): what was tried before at a place is not tried again behind another step, until one comes
/// that it has to do with. Every state is still reached, and looked at by a reader.
/// </summary>
internal sealed class CopyChoices
{
    private readonly int[] _given;
    private readonly List<(int Taken, uint Open, int Of)> _made = [];
    private List<(CopyStep Step, CopyTouch Touch)> _asleep = [];
    private int _depth;

    /// <param name="given">The first ones, which stay.</param>
    public CopyChoices(int[] given)
    {
        _given = given;
        _made.AddRange(given.Select(static taken => (taken, 0u, 0)));
    }

    /// <summary>What was taken so far.</summary>
    public int[] Taken => [.. _made.Select(static choice => choice.Taken)];

    /// <summary>An order begins anew.</summary>
    public void Begin() => (_depth, _asleep) = (0, []);

    /// <summary>Which of the steps that may happen now does.</summary>
    public CopyStep Choose(IReadOnlyList<CopyStep> enabled, Func<CopyStep, CopyTouch> touches)
    {
        if (_depth == _made.Count)
        {
            var open = 0u;
            for (var i = 0; i < enabled.Count; i++)
            {
                open |= IsAsleep(enabled[i]) ? 0 : 1u << i;
            }

            // Where all have been tried before, the order is played to its end all the same: it is cheaper than to begin anew.
            _made.Add(open == 0 ? (0, 0, enabled.Count) : Next(open, enabled.Count));
        }

        Debug.Assert(_depth < _given.Length || _made[_depth].Of == enabled.Count, "The same choices lead to the same state.");
        var taken = _made[_depth++].Taken;
        var step = enabled[taken];
        var touch = touches(step);
        List<(CopyStep Step, CopyTouch Touch)> asleep = [.. _asleep.Where(other => (other.Touch & touch) == 0)];
        for (var i = 0; i < taken; i++)
        {
            // Who goes by what was given has it from the others that they try what comes before.
            if (!IsAsleep(enabled[i]) && touches(enabled[i]) is var other && (other & touch) == 0)
            {
                asleep.Add((enabled[i], other));
            }
        }

        _asleep = asleep;
        return step;
    }

    /// <summary>The next order: the last choice that has another is taken otherwise. False when there is none.</summary>
    public bool Backtrack()
    {
        while (_made.Count > _given.Length)
        {
            var (_, open, of) = _made[^1];
            _made.RemoveAt(_made.Count - 1);
            if (open != 0)
            {
                _made.Add(Next(open, of));
                return true;
            }
        }

        return false;
    }

    private static (int Taken, uint Open, int Of) Next(uint open, int of) => (BitOperations.TrailingZeroCount(open), open & (open - 1), of);

    private bool IsAsleep(CopyStep step) => _asleep.Exists(other => other.Step == step);
}
