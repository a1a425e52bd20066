using Serilog.Core;

namespace CacheProxy.Hosting;

/// <summary>What a test changes about the complete product. The program itself uses the defaults.</summary>
internal sealed record CacheProxyHostOptions
{
    /// <summary>Where the configuration files are. Default: beside the program.</summary>
    public string Directory { get; init; } = AppContext.BaseDirectory;

    /// <summary>Takes all log events in place of the console.</summary>
    public ILogEventSink? LogSink { get; init; }

    /// <summary>
    /// Runs before anything is read or registered: values added to the builder's configuration win over all others, and a registered
    /// <see cref="TimeProvider"/> replaces the system's.
    /// </summary>
    public Action<WebApplicationBuilder>? Customise { get; init; }

    /// <summary>Runs when all but the listeners has started.</summary>
    public Action? BeforeListening { get; init; }
}
