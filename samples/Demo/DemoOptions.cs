namespace Demo;

/// <summary>What the command line asks for. A port of 0 stands for any free one.</summary>
internal sealed record DemoOptions
{
    public int ProxyPort { get; init; } = 4004;
    public int ApiPort { get; init; } = 4005;
    public int ManagementPort { get; init; } = 9904;

    /// <summary>HOST:PORT; null for the store in CacheProxy's own memory.</summary>
    public string? Redis { get; init; }

    /// <summary>Milliseconds that the sample's database takes for each query: a number or a range.</summary>
    public string Latency { get; init; } = "5-10";

    /// <summary>Ends after the walk instead of staying up.</summary>
    public bool Exit { get; init; }

    public bool Help { get; init; }
}
