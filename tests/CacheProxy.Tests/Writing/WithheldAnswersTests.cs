using System.IO.Pipelines;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Configuration;
using CacheProxy.Tests.Management;
using CacheProxy.Tests.Store;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Tests.Writing;

/// <summary>Not a byte of the answer to a write goes out, its head included, while another replica may serve what it replaced.</summary>
public sealed class WithheldAnswersTests : IAsyncDisposable
{
    private const string Path = "/api/customers/123";

    private static readonly ResourceKey Key = new("demo:customer:123");
    private static readonly byte[] Body = "{}"u8.ToArray();

    private readonly HoldingReplica _replica = new();
    private readonly Exposition _exposition = new();
    private readonly Client _client = new();
    private readonly CancellationTokenSource _leaving = new();
    private readonly DefaultHttpContext _context = new();

    private static Dictionary<string, Func<HttpContext, Task>> Answers { get; } = new()
    {
        ["a head before its body"] = static context => context.Response.StartAsync(),
        ["a head without a body"] = static _ => Task.CompletedTask,
        ["the first bytes of many"] = static context => context.Response.Body.WriteAsync(Body).AsTask(),
        ["a body in one piece"] = static context =>
        {
            context.Response.ContentLength = Body.Length;
            return context.Response.Body.WriteAsync(Body).AsTask();
        },
        ["a flush"] = static context => context.Response.Body.FlushAsync(),
        ["trailers"] = static context => context.Response.CompleteAsync(),
        ["another protocol"] = static context =>
        {
            context.Response.StatusCode = StatusCodes.Status101SwitchingProtocols;
            return context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        },
    };

    public static TheoryData<string> Ways => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nothing_of_it_goes_out_before_the_holder_has_answered(string way)
    {
        await _replica.HoldAsync(Key);

        var answering = AnswerAsync(Answers[way]);

        Assert.False(answering.IsCompleted);
        Assert.True(_client.HasNothing);
        _replica.Acknowledge(Key);
        _replica.Deliver();
        await answering;
        Assert.Equal(way is "a head without a body", _client.HasNothing);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_policy_that_is_off_here_has_no_fence_and_its_holders_are_waited_for_all_the_same(string way)
    {
        await _replica.HoldAsync(Key);

        var answering = AnswerAsync(Answers[way], ("CacheProxy:Policies:customer:Mode", "Off"));

        Assert.False(answering.IsCompleted);
        Assert.True(_client.HasNothing);
        _replica.Acknowledge(Key);
        _replica.Deliver();
        await answering;
    }

    [Fact]
    public async Task A_holder_that_answered_while_the_api_worked_delays_nothing()
    {
        await _replica.HoldAsync(Key);
        await AnswerAsync(context =>
        {
            _replica.Acknowledge(Key);
            _replica.Deliver();
            var answering = Answers["a body in one piece"](context);
            Assert.True(answering.IsCompletedSuccessfully);
            return answering;
        });
    }

    [Theory]
    [InlineData(400)]
    [InlineData(409)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task An_answer_that_says_that_nothing_changed_or_nothing_at_all_waits_for_nobody(int status)
    {
        await _replica.HoldAsync(Key);

        await AnswerAsync(async context =>
        {
            context.Response.StatusCode = status;
            await context.Response.Body.WriteAsync(Body);
        });

        Assert.False(_client.HasNothing);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_wait_and_not_the_eviction()
    {
        await _replica.HoldAsync(Key);
        var answering = AnswerAsync(Answers["a body in one piece"]);

        await _leaving.CancelAsync();

        await Assert.ThrowsAsync<IOException>(() => answering);
        Assert.True(_client.HasNothing);
        Assert.Equal(LookUpOutcome.Miss, (await _replica.Store.LookUpAsync(Key, VariantKey.Plain, HoldingReplica.Budget)).Outcome);
    }

    [Fact]
    public async Task The_groups_that_an_answer_names_are_waited_for_before_its_head()
    {
        var route = Route();
        var group = Assert.Single(EvictionTargets.OfTags(_context, route, ["plans"])).Key;
        await _replica.HoldAsync(group);
        _context.SetEndpoint(new Endpoint(requestDelegate: null, new EndpointMetadataCollection(route), displayName: null));
        _context.Response.Headers["Cache-Group-Invalidation"] = "\"plans\"";
        var services = Services();
        var transform = new GroupInvalidation(_replica.Cache, services.Events, services.Metrics, _replica.Time);
        using var answer = new HttpResponseMessage();
        var context = new ResponseTransformContext { HttpContext = _context, ProxyResponse = answer };

        var applying = transform.ApplyAsync(context).AsTask();

        Assert.False(applying.IsCompleted);
        _replica.Acknowledge(group);
        _replica.Deliver();
        await applying;
        Assert.False(context.SuppressResponseBody);
    }

    /// <summary>A timeout of the route, whose client is still there.</summary>
    [Fact]
    public async Task A_wait_that_is_cut_short_lets_nothing_of_the_answer_out()
    {
        await _replica.HoldAsync(Key);
        var answering = AnswerAsync(Answers["a head without a body"]);

        await _leaving.CancelAsync();

        await answering;
        Assert.Equal(StatusCodes.Status503ServiceUnavailable, _context.Response.StatusCode);
        Assert.Contains("detail=eviction-outstanding", _context.Response.Headers["Cache-Status"].ToString(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _leaving.Dispose();
        _exposition.Dispose();
        await _replica.DisposeAsync();
    }

    private async Task AnswerAsync(Func<HttpContext, Task> answer, params (string Key, string? Value)[] settings)
    {
        _context.RequestAborted = _leaving.Token;
        _context.Features.Set<IHttpResponseBodyFeature>(_client);
        _context.Features.Set<IHttpUpgradeFeature>(_client);
        var route = Route(settings);
        await using var write = new WriteFence(Services(), TimeSpan.FromDays(1), EvictionTargets.Find(_context, route, "PUT", out _));
        Assert.True(await write.TryBeginAsync());
        var gate = new WriteGate(_context, write, new AffectedTargets(route), new UpstreamSending());
        gate.Install();
        try
        {
            await answer(_context);
        }
        finally
        {
            gate.Remove();
            await gate.FinishAsync(threw: false);
        }
    }

    private RouteCaching Route(params (string Key, string? Value)[] settings)
    {
        _context.Request.Method = "PUT";
        _context.Request.Headers["X-Tenant-Subdomain"] = "demo";
        _context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = Path;
        return RoutedRequest.Route(_context, Path, CandidateConfiguration.Accepted(settings));
    }

    private WriteServices Services() => new(
        _replica.Cache,
        new CacheEventLog(NullLoggerFactory.Instance),
        new WriteMetrics(_exposition.Meters, _replica.Store, _replica.Pending),
        _replica.Time);

    /// <summary>What the client has been sent.</summary>
    private sealed class Client : IHttpResponseBodyFeature, IHttpUpgradeFeature
    {
        private readonly MemoryStream _sent = new();
        private bool _hasStarted;

        public bool HasNothing => !_hasStarted && _sent.Length == 0;

        public Stream Stream => new Flushed(this);

        public PipeWriter Writer => throw new NotSupportedException();

        public bool IsUpgradableRequest => true;

        public Task StartAsync(CancellationToken cancellationToken = default)
        {
            _hasStarted = true;
            return Task.CompletedTask;
        }

        public Task CompleteAsync() => StartAsync();

        public async Task<Stream> UpgradeAsync()
        {
            await StartAsync();
            return _sent;
        }

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        /// <summary>A flush sends the head.</summary>
        private sealed class Flushed(Client client) : MemoryStream
        {
            public override Task FlushAsync(CancellationToken cancellationToken) => client.StartAsync(cancellationToken);

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
                client._sent.WriteAsync(buffer, cancellationToken);
        }
    }
}
