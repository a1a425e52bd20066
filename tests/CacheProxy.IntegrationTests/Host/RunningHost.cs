using System.Text.Json.Nodes;
using CacheProxy.Configuration;
using CacheProxy.Hosting;
using CacheProxy.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>
/// The complete product in this process, or as <see cref="ProxyProcess"/>, on free ports, with a directory of its own for its
/// configuration files.
/// </summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly WebApplication? _app;
    private readonly ProxyProcess? _process;

    private RunningHost(WebApplication app, string directory, CapturedLog log)
    {
        _app = app;
        Directory = directory;
        Log = log;
        Proxy = new Uri(app.Services.GetRequiredService<BoundListeners>().Proxy);
        Management = new Uri(app.Services.GetRequiredService<BoundListeners>().Management);
    }

    private RunningHost(ProxyProcess process, string directory)
    {
        _process = process;
        Directory = directory;
        (Log, Proxy, Management) = (process.Log, process.Proxy, process.Management);
    }

    public string Directory { get; }

    public CapturedLog Log { get; }

    public Uri Proxy { get; }

    public Uri Management { get; }

    public WebApplication App => ProxyProcess.InThisProcess(_app);

    public HttpClient Client { get; } = new(new SocketsHttpHandler { UseProxy = false });

    public ConfigurationSnapshot Configuration => App.Services.GetRequiredService<ConfigurationReloader>().Current;

    public string File => Path.Combine(Directory, "appsettings.json");

    public static async Task<RunningHost> StartAsync(
        string apiAddress, Action<string>? prepare = null, Action<IServiceCollection>? register = null, params string[] arguments)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("cacheproxy-").FullName;
        await System.IO.File.WriteAllTextAsync(Path.Combine(directory, "appsettings.json"), Shipped(apiAddress).ToJsonString());
        prepare?.Invoke(directory);
        if (ProxyProcess.IsWanted)
        {
            Xunit.Assert.SkipUnless(register is null, "Registers services in the process of the tests.");
            return new RunningHost(await ProxyProcess.StartAsync(arguments, directory), directory);
        }

        var log = new CapturedLog();
        var app = CacheProxyHost.Build(arguments, new CacheProxyHostOptions
        {
            Directory = directory,
            LogSink = log,
            Customise = builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(new HurriedTimeProvider());
                register?.Invoke(builder.Services);
            },
        });
        await CacheProxyHost.StartAsync(app);
        return new RunningHost(app, directory, log);
    }

    /// <summary>What is shipped for single customers, on free ports in front of one API.</summary>
    public static JsonNode Shipped(string apiAddress)
    {
        var json = CustomersAlone.Json();
        json["Kestrel"]!["Endpoints"]!["Proxy"]!["Url"] = "http://127.0.0.1:0";
        json["Kestrel"]!["Endpoints"]!["Management"]!["Url"] = "http://127.0.0.1:0";
        json["ReverseProxy"]!["Clusters"]!["customer-api"]!["Destinations"]!["primary"]!["Address"] = apiAddress;
        return json;
    }

    public void Write(JsonNode json) => Write(json.ToJsonString());

    /// <summary>Replaces the file as editors do, by renaming.</summary>
    public void Write(string content)
    {
        System.IO.File.WriteAllText(File + ".new", content);
        System.IO.File.Move(File + ".new", File, overwrite: true);
    }

    public Task<string> GetAsync(string path) => Client.GetStringAsync(new Uri(Proxy, path), Xunit.TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
