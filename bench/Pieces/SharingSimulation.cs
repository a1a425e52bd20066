using System.Buffers.Text;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Bench.Load.Traffic;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity.Tokens;
using CacheProxy.Proxy;
using CacheProxy.Reading;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.Bench.Pieces;

/// <summary>
/// Which share of a tenant's reads are hits, by who shares an entry and for how long it is fresh. Hours pass in seconds: the clock is made up,
/// and so is the API. What decides is the product: how a request is read, its token verified, its variant computed and stored.
/// </summary>
internal static class SharingSimulation
{
    private const int Customers = 1000;
    private const int Staff = 20;
    private const double Writes = 0.03;

    private static readonly TimeSpan TokenLife = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan WarmUp = TimeSpan.FromHours(2);
    private static readonly TimeSpan Measured = TimeSpan.FromHours(10);
    private static readonly string[] Modes = ["PerCredential", "Claims", "Shared"];
    private static readonly (string Text, string Value)[] Ttls = [("5 min", "5m"), ("15 min", "15m"), ("1 h", "1h"), ("4 h", "4h")];

    public static async Task RunAsync()
    {
        Console.WriteLine(
            $"{Customers:N0} customers by Zipf, 1 request a second, {Writes:P0} writes, {Staff} staff of three roles, tokens of {TokenLife.TotalMinutes} minutes: share of reads that are hits");
        Console.WriteLine($"| `Credentials` | {string.Join(" | ", Ttls.Select(static ttl => $"`Ttl` {ttl.Text}"))} |");
        Console.WriteLine($"| --- {string.Concat(Ttls.Select(static _ => "| --- "))}|");
        foreach (var mode in Modes)
        {
            var row = new StringBuilder($"| `{mode}` |");
            foreach (var (_, ttl) in Ttls)
            {
                row.Append(CultureInfo.InvariantCulture, $" {await new Tenant(mode, ttl).HitRatioAsync():P0} |");
            }

            Console.WriteLine(row.Replace("%", " %").Replace("  %", " %"));
        }
    }

    /// <summary>A tenant whose staff ask for customers through one sidecar.</summary>
    private sealed class Tenant
    {
        private readonly MadeUpTime _time = new();
        private readonly MemoryStore _store;
        private readonly ConfigurationSnapshot _configuration;
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly string[] _tokens = new string[Staff];
        private readonly Zipf _zipf = new(Customers);
        private readonly Random _random = new(1);

        public Tenant(string mode, string ttl)
        {
            _store = new MemoryStore(_time);
            var values = new Dictionary<string, string?>
            {
                ["CacheProxy:Policies:customer:Credentials"] = mode,
                ["CacheProxy:Policies:customer:Ttl"] = ttl,
                ["CacheProxy:Policies:customer:Claims"] = mode == "Claims" ? "tenant, role, scope" : null,
                ["CacheProxy:Tokens:Issuer"] = "issuer",
                ["CacheProxy:Tokens:Audience"] = "customer-api",
                ["CacheProxy:Tokens:Keys"] = "keys.json",
                // No fetch comes in these seconds.
                ["CacheProxy:Tokens:KeysMaxAge"] = "7d",
            };
            var problems = new List<ConfigurationProblem>();
            _configuration = ConfigurationCompiler.Compile(
                new ConfigurationSources(AppContext.BaseDirectory, [], new ConfigurationBuilder().AddInMemoryCollection(values).Build()), null, problems)
                ?? throw new InvalidOperationException(ConfigurationReport.Text(problems));
        }

        private RouteCaching Route => _configuration.Rules.Routes["customer"];

        public async Task<double> HitRatioAsync()
        {
            await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
            var metrics = new TokenMetrics(services.GetRequiredService<IMeterFactory>());
            await using var keys = new IssuerKeys(_configuration.Options.Tokens, _ => Task.FromResult(Jwks()), "made up", metrics, _time, NullLogger.Instance);
            await keys.StartAsync();
            _configuration.Rules.Tokens?.Begin(keys, metrics, _time);
            var (reads, hits) = (0, 0);
            for (var second = 0; second < (WarmUp + Measured).TotalSeconds; second++)
            {
                Renew(second);
                var isMeasured = second >= WarmUp.TotalSeconds;
                var context = Ask(_random.Next(Staff), _zipf.Next(_random));
                if (_random.NextDouble() < Writes)
                {
                    await WriteAsync(context);
                }
                else
                {
                    var isHit = await ReadAsync(context);
                    reads += isMeasured ? 1 : 0;
                    hits += isMeasured && isHit ? 1 : 0;
                }

                _time.Advance(TimeSpan.FromSeconds(1));
            }

            await _store.DisposeAsync();
            return (double)hits / reads;
        }

        private async Task<bool> ReadAsync(HttpContext context)
        {
            if (!CacheRequestReader.TryRead(context, Route.Policy!, Route, default, OverriddenMethod.None, out var read, out var reason))
            {
                throw new InvalidOperationException($"{reason}");
            }

            var request = CacheRequest.Of(read, new StoreTimeoutBudget(TimeSpan.FromSeconds(1)));
            var found = await _store.LookUpAsync(read.Key, request.VariantUnder(""), request.Budget);
            if (found.Response is { } stored && stored.Freshness.IsFresh(stored.AgeMs(_store.NowMs)))
            {
                return true;
            }

            var lease = new FillLease(_store.NewFillToken(read.Key), request.VariantUnder(found.Vary), found.Stamp, FillLease.DefaultDuration, Exclusive: false);
            await _store.BeginFillAsync(read.Key, lease, request.Budget);
            var fill = Storability.Of(request, found.Vary, new UpstreamFraming { IsDelimited = true }, _store.NowMs, _store.NowMs, out var decision)
                ?? throw new InvalidOperationException($"{decision}");
            fill = fill with { Response = fill.Response with { ResponseTimeMs = _store.NowMs, Body = new byte[1500] } };
            await _store.CompleteFillAsync(read.Key, lease, fill, request.Budget);
            return false;
        }

        private async Task WriteAsync(HttpContext context)
        {
            context.Request.Method = "PUT";
            foreach (var target in EvictionTargets.Find(context, Route, "PUT"))
            {
                var budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(1));
                await _store.BeginWriteAsync(target.Key, "write", TimeSpan.FromSeconds(30), budget);
                await _store.EndWriteAsync(target.Key, "write", WriteResult.Changed, budget);
            }
        }

        private DefaultHttpContext Ask(int member, int customer)
        {
            var id = customer.ToString(CultureInfo.InvariantCulture);
            var context = new DefaultHttpContext();
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = $"/api/customers/{id}";
            context.Request.Method = "GET";
            context.Request.Host = new HostString("customers");
            context.Request.Path = $"/api/customers/{id}";
            context.Request.RouteValues = new RouteValueDictionary { ["id"] = id };
            context.Request.Headers["X-Tenant-Subdomain"] = "demo";
            context.Request.Headers.Authorization = $"Bearer {_tokens[member]}";
            return context;
        }

        // Each member gets a new token when the last one has expired, and not all at once.
        private void Renew(int second)
        {
            for (var member = 0; member < Staff; member++)
            {
                var life = (int)TokenLife.TotalSeconds;
                if (second == 0 || (second + (member * life / Staff)) % life == 0)
                {
                    _tokens[member] = Sign(member);
                }
            }
        }

        private string Sign(int member)
        {
            var role = member < 14 ? "assistant" : member < 18 ? "veterinarian" : "manager";
            var expires = (_time.GetUtcNow() + TokenLife).ToUnixTimeSeconds();
            var payload = $$"""{"iss":"issuer","aud":"customer-api","exp":{{expires}},"sub":"{{member}}","tenant":"demo","role":"{{role}}","scope":"customers"}""";
            var signed = $"{Encode("""{"alg":"ES256","kid":"1"}""")}.{Encode(payload)}";
            return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
        }

        private byte[] Jwks()
        {
            var point = _key.ExportParameters(includePrivateParameters: false).Q;
            return Encoding.UTF8.GetBytes(
                $$"""{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}]}""");
        }

        private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>A clock that stands still until it is told.</summary>
    private sealed class MadeUpTime : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 11, 28, 8, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.Ticks;

        public void Advance(TimeSpan time) => _now += time;
    }
}
