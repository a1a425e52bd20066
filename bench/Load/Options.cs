using System.Globalization;
using System.Text.RegularExpressions;
using CacheProxy.Bench.Load.Measures;

namespace CacheProxy.Bench.Load;

/// <summary>The command line: pairs of a name and a value, and the words --quick and --redis-load.</summary>
internal sealed record Options
{
    public Scale Scale { get; private init; } = Scale.Full;

    /// <summary>Which peers, by name.</summary>
    public Regex Only { get; private init; } = new("", RegexOptions.None, TimeSpan.FromSeconds(1));

    /// <summary>Which measures, by name.</summary>
    public Regex Measures { get; private init; } = new("", RegexOptions.None, TimeSpan.FromSeconds(1));

    public string Out { get; private init; } = ".";

    public string Files { get; private init; } = "bench/Peers";

    public string Programs { get; private init; } = ".";

    public string Commit { get; private init; } = "unknown";

    /// <summary>Only the load of Redis is measured, with and without copies.</summary>
    public bool RedisLoad { get; private init; }

    /// <summary>The page and charts to write, from the results in <see cref="Out"/>.</summary>
    public string? Docs { get; private init; }

    public static Options Parse(string[] args)
    {
        var options = new Options();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--quick")
            {
                options = options with { Scale = Scale.Quick };
                continue;
            }

            if (args[i] == "--redis-load")
            {
                options = options with { RedisLoad = true };
                continue;
            }

            var value = i + 1 < args.Length ? args[i + 1] : throw new BenchFailure($"{args[i]} needs a value");
            options = args[i++] switch
            {
                "--only" => options with { Only = Pattern(value) },
                "--measures" => options with { Measures = Pattern(value) },
                "--rounds" => options with { Scale = options.Scale with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) } },
                "--longer" => options with { Scale = options.Scale.Longer(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--out" => options with { Out = value },
                "--files" => options with { Files = value },
                "--programs" => options with { Programs = value },
                "--commit" => options with { Commit = value },
                "--docs" => options with { Docs = value },
                var unknown => throw new BenchFailure($"{unknown} is not an option"),
            };
        }

        return options;
    }

    private static Regex Pattern(string text) => new(text, RegexOptions.None, TimeSpan.FromSeconds(1));
}
