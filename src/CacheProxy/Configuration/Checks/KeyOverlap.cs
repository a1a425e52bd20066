using System.Buffers;
using CacheProxy.Identity;

namespace CacheProxy.Configuration.Checks;

/// <summary>
/// Whether two templates could make one key: <c>{tenant}:{kind}:{id}</c> and <c>{tenant}:customer:{id}</c> could. Each template is an
/// automaton that reads keys; walked together, they must not both reach their end.
/// </summary>
internal static class KeyOverlap
{
    private const char FirstVisible = '!';
    private const char LastVisible = '~';

    public static bool Exists(string left, string right)
    {
        var (one, other) = (Steps(left), Steps(right));
        var seen = new HashSet<(int One, int Other)> { (0, 0) };
        var open = new Queue<(int One, int Other)>(seen);
        while (open.TryDequeue(out var state))
        {
            if (state == (one.Count, other.Count))
            {
                return true;
            }

            for (var c = FirstVisible; c <= LastVisible; c++)
            {
                foreach (var next in Next(one, state.One, c).SelectMany(i => Next(other, state.Other, c).Select(j => (i, j))))
                {
                    if (seen.Add(next))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }

        return false;
    }

    // In state N the first N steps are done; the last of them may go on for as long as its characters do.
    private static IEnumerable<int> Next(List<Step> steps, int state, char c)
    {
        if (state < steps.Count && steps[state].Begins(c))
        {
            yield return state + 1;
        }

        if (state > 0 && steps[state - 1].GoesOn(c))
        {
            yield return state;
        }
    }

    private static List<Step> Steps(string template)
    {
        var steps = new List<Step>();
        foreach (var part in KeyTemplateParser.Parse(template, out _))
        {
            switch (part.Kind)
            {
                case KeyPartKind.Literal:
                    steps.AddRange(part.Text.Select(static literal => new Step(c => c == literal, static _ => false)));
                    break;
                case KeyPartKind.Path:
                    steps.Add(new Step(static c => c == '/', UriCharacters.Path.Contains));
                    break;
                case KeyPartKind.Host:
                    steps.Add(OneOrMore(UriCharacters.Host));
                    break;
                case KeyPartKind.Tenant or KeyPartKind.RouteValue:
                    steps.Add(OneOrMore(UriCharacters.Unreserved));
                    break;
            }
        }

        return steps;
    }

    private static Step OneOrMore(SearchValues<char> characters) => new(characters.Contains, characters.Contains);

    private sealed record Step(Func<char, bool> Begins, Func<char, bool> GoesOn);
}
