using Serilog.Core;

namespace CacheProxy.Hosting;

/// <summary>Where a test reaches into the complete product. The program itself uses none of it.</summary>
internal sealed record CacheProxyHostSeams
{
    /// <summary>Where the configuration files are. Default: beside the program.</summary>
    public string Directory { get; init; } = AppContext.BaseDirectory;

    /// <summary>Takes all log events in place of the console.</summary>
    public ILogEventSink? LogSink { get; init; }

    /// <summary>
    /// Runs before anything is read or registered: values added to the builder's configuration win over all others, and a registered
    /// <see cref="TimeProvider"/> is the one that is used.
    /// </summary>
    public Action<WebApplicationBuilder>? Customise { get; init; }
}
