using System.Globalization;

namespace Demo;

internal static class CommandLine
{
    public const string Help = """
        Starts the sample customer API and CacheProxy in front of it, walks through miss, hit, update and miss, plays scenes of what
        is off as shipped in a second CacheProxy, and stays up with the first.

        Usage: dotnet run -v m --project samples/Demo -- [options]

        dotnet run builds what has changed first; with -v m it says so.

          --redis HOST:PORT       cache in this Redis (default: in CacheProxy's own memory)
          --latency MS            what each query to the sample's database takes, as a number or a range (default 5-10; 0: none)
          --exit                  end after the scenes; exit code 0 only if every step came out as it should
          --proxy-port PORT       where clients arrive at CacheProxy (default 4004)
          --api-port PORT         where the sample API listens (default 4005)
          --management-port PORT  CacheProxy's probes (default 9904)
          --help                  this text

        A port of 0 takes any free one. Exit codes: 0 all as expected, 1 a step failed or a program could not be started,
        2 wrong usage, 130 stopped before the end of the walk.

        """;

    private const string SeeHelp = "See --help.";

    /// <returns>The options, or what is wrong with the arguments.</returns>
    public static (DemoOptions? Options, string? Problem) Parse(IReadOnlyList<string> arguments)
    {
        var options = new DemoOptions();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var argument))
        {
            var (name, value) = Split(argument);
            var (next, problem) = name switch
            {
                "--help" or "-h" or "-?" => Switch(value, name, options with { Help = true }),
                "--exit" => Switch(value, name, options with { Exit = true }),
                "--redis" => Redis(value ?? Next(rest), options),
                "--latency" => Latency(value ?? Next(rest), options),
                "--proxy-port" => Port(name, value ?? Next(rest), port => options with { ProxyPort = port }),
                "--api-port" => Port(name, value ?? Next(rest), port => options with { ApiPort = port }),
                "--management-port" => Port(name, value ?? Next(rest), port => options with { ManagementPort = port }),
                _ => (null, $"Unknown option '{argument}'. {SeeHelp}"),
            };
            if (next is null)
            {
                return (null, problem);
            }

            options = next;
        }

        return options.Help ? (options, null) : Check(options);
    }

    private static (DemoOptions?, string?) Check(DemoOptions options)
    {
        int[] ports = [options.ProxyPort, options.ApiPort, options.ManagementPort];
        var chosen = ports.Where(port => port != 0).ToList();
        return chosen.Distinct().Count() == chosen.Count
            ? (options, null)
            : (null, $"--proxy-port {ports[0]}, --api-port {ports[1]} and --management-port {ports[2]} must differ. {SeeHelp}");
    }

    private static (string Name, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=');
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static string? Next(Queue<string> rest) =>
        rest.TryPeek(out var value) && !value.StartsWith("--", StringComparison.Ordinal) ? rest.Dequeue() : null;

    private static (DemoOptions?, string?) Switch(string? value, string name, DemoOptions options) =>
        value is null ? (options, null) : (null, $"{name} takes no value, not '{value}'. {SeeHelp}");

    private static (DemoOptions?, string?) Port(string name, string? value, Func<int, DemoOptions> with) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
            ? (with(port), null)
            : (null, $"{name} takes a port from 0 to 65535, not '{value}'. {SeeHelp}");

    private static (DemoOptions?, string?) Latency(string? value, DemoOptions options)
    {
        int?[] range = [.. (value ?? "").Split('-').Select(static text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= 10_000
                ? milliseconds
                : (int?)null)];
        return range.Length <= 2 && range[0] <= range[^1]
            ? (options with { Latency = value! }, null)
            : (null, $"--latency takes milliseconds, e.g. 8 or 5-10, not '{value}'. {SeeHelp}");
    }

    private static (DemoOptions?, string?) Redis(string? value, DemoOptions options) =>
        RedisAddress.TryParse(value, out _, out _)
            ? (options with { Redis = value }, null)
            : (null, $"--redis takes HOST:PORT, e.g. localhost:6379, not '{value}'. {SeeHelp}");
}
