using System.Text;
using System.Text.Json;
using CacheProxy.Hosting;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Management.Explaining;
using CacheProxy.Store;
using CacheProxy.Tests.Harness;
using CacheProxy.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Tests.Management.Explaining;

/// <summary>The complete program without a listener: it answers what the management listener would answer. A policy for each way to be configured.</summary>
internal sealed class ExplainedProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _keys = Path.GetTempFileName();

    private ExplainedProxy(string redis, TimeProvider? time, (string Key, string Value)[] settings)
    {
        File.WriteAllBytes(_keys, TokenIssuer.Jwks(TokenIssuer.Rsa()));
        var values = new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:Proxy:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:Management:Url"] = "http://127.0.0.1:0",
            ["Serilog:MinimumLevel:Default"] = "Fatal",
            ["CacheProxy:Redis:ConnectionString"] = redis,
            ["CacheProxy:Tenant:BaseDomains:0"] = "example.com",
            ["CacheProxy:Tenants:closed:Mode"] = "Off",
            ["CacheProxy:Tokens:Issuer"] = TokenIssuer.Name,
            ["CacheProxy:Tokens:Audience"] = TokenIssuer.Audience,
            ["CacheProxy:Tokens:Keys"] = _keys,
        };
        foreach (var (name, option, value) in ((string, string, string)[])
            [
                ("off", "Mode", "Off"), ("shadow", "Mode", "Shadow"), ("bypass", "Credentials", "Bypass"), ("strict", "WriteConsistency", "Strict"),
                ("claims", "Credentials", "Claims"), ("asked", "ReadMethods", "GET, QUERY"),
            ])
        {
            values[$"ReverseProxy:Routes:{name}:ClusterId"] = "customer-api";
            values[$"ReverseProxy:Routes:{name}:Match:Path"] = $"/api/{name}/{{id}}";
            values[$"ReverseProxy:Routes:{name}:Metadata:CachePolicy"] = name;
            values[$"CacheProxy:Policies:{name}:Key"] = $"{{tenant}}:{name}:{{id}}";
            values[$"CacheProxy:Policies:{name}:Ttl"] = "1m";
            values[$"CacheProxy:Policies:{name}:{option}"] = value;
        }

        values["CacheProxy:Policies:claims:Claims"] = "role";
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        _app = CacheProxyHost.Build([], new CacheProxyHostOptions
        {
            Directory = CustomersAlone.Directory,
            Customise = builder =>
            {
                builder.Configuration.AddInMemoryCollection(values);
                builder.Services.AddSingleton(time ?? TimeProvider.System);
            },
        });
        Pages = new ExplainPages(_app.Services);
    }

    public ExplainPages Pages { get; }

    public IServiceProvider Services => _app.Services;

    public ICacheStore Store => Get<ICacheStore>();

    public static async Task<ExplainedProxy> StartAsync(
        string redis = "", bool withKeys = true, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        var proxy = new ExplainedProxy(redis, time, settings);
        if (withKeys)
        {
            await proxy.Services.GetServices<IHostedService>().OfType<TokenKeys>().Single().StartAsync(default);
        }

        return proxy;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Explains a request, described by lines: the first is method and target, the others are headers.</summary>
    public async Task<JsonElement> ExplainAsync(params string[] lines)
    {
        using var document = JsonDocument.Parse(await ExplainAsTextAsync("json", lines));
        return document.RootElement.Clone();
    }

    public Task<string> ExplainAsTextAsync(string format, params string[] lines)
    {
        var first = lines[0].Split(' ', 2);
        return AskAsync(Pages.ExplainAsync, [("method", first[0]), ("url", first[1]), ("format", format), .. lines.Skip(1).Select(static line => ("header", line))]);
    }

    public static async Task<string> AskAsync(RequestDelegate page, params (string Name, string Value)[] query)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Request.Method = HttpMethods.Get;
        context.Request.QueryString = QueryString.Create(query.Select(static one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        context.Response.Body = body;
        await page(context);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>Stores a response of the plain variant, as a fill does.</summary>
    public async Task StoreAsync(string key, string target, int bodyBytes = 2, string vary = "", VariantKey? variant = null)
    {
        var resource = new ResourceKey(key);
        var budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(20));
        var lease = new FillLease(Store.NewFillToken(resource), variant ?? VariantKey.Plain, "", FillLease.DefaultDuration, Exclusive: false);
        await Store.BeginFillAsync(resource, lease, budget);
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [new HeaderField("Content-Type", "application/json"), new HeaderField("ETag", "\"7\"")],
            Body = new byte[bodyBytes],
            ResponseTimeMs = Store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = target,
        };
        await Store.CompleteFillAsync(resource, lease, new FillResult(lease.Variant, vary, response, TimeSpan.FromMinutes(10), 64), budget);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Services.GetServices<IHostedService>().OfType<TokenKeys>())
        {
            await started.StopAsync(default);
        }

        await _app.DisposeAsync();
        File.Delete(_keys);
    }
}
