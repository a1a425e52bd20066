using System.Diagnostics;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>Plays every order in which the parties of a system can take their steps.</summary>
internal static class DependencyExploration
{
    public static async Task<long> PlayAsync(DependencyParty[] system, Damage? damage = null)
    {
        var run = new DependencyRun(damage);
        var choices = new List<(int Taken, int Of)>();
        var story = new List<string>();
        var played = 0L;
        do
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            story.Clear();
            try
            {
                await PlayOneAsync(run, system, choices, story);
            }
            catch (InterleavingException exception)
            {
                throw new InterleavingException($"[{string.Join("; ", system.AsEnumerable())}] after {string.Join(' ', story)}: {exception.Message}.");
            }

            played++;
        }
        while (Backtrack(choices));

        return played;
    }

    /// <summary>A system as it is, and with its party number <paramref name="party"/> crashing after each of so many steps.</summary>
    public static IEnumerable<DependencyParty[]> WithCrashes(int party, int steps, params DependencyParty[] system)
    {
        yield return system;
        for (var i = 1; i <= steps; i++)
        {
            yield return [.. system[..party], system[party] with { Steps = i }, .. system[(party + 1)..]];
        }
    }

    /// <summary>A system in which each of the first calls of a party is not carried out, or its reply is lost.</summary>
    public static IEnumerable<DependencyParty[]> WithFaults(int party, int calls, params DependencyParty[] system)
    {
        for (var i = 0; i < calls; i++)
        {
            foreach (var fault in (FaultKind[])[FaultKind.NotCarriedOut, FaultKind.ReplyLost])
            {
                yield return [.. system[..party], system[party] with { FailingCall = i, Fault = fault }, .. system[(party + 1)..]];
            }
        }
    }

    private static async Task PlayOneAsync(DependencyRun run, DependencyParty[] system, List<(int Taken, int Of)> choices, List<string> story)
    {
        await run.BeginAsync(system);
        for (var depth = 0; run.Enabled.ToArray() is { Length: > 0 } enabled; depth++)
        {
            if (depth == choices.Count)
            {
                choices.Add((0, enabled.Length));
            }

            Debug.Assert(choices[depth].Of == enabled.Length, "The same choices lead to the same state.");
            var party = enabled[choices[depth].Taken];
            story.Add(FormattableString.Invariant($"{system[party].Kind}{party}"));
            await run.StepAsync(party);
        }

        await run.EndAsync();
    }

    // The next path: the last choice that has another is taken otherwise.
    private static bool Backtrack(List<(int Taken, int Of)> choices)
    {
        while (choices.Count > 0)
        {
            var (taken, of) = choices[^1];
            choices.RemoveAt(choices.Count - 1);
            if (taken + 1 < of)
            {
                choices.Add((taken + 1, of));
                return true;
            }
        }

        return false;
    }
}
