using System.IO.Pipelines;
using System.Text;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Management;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Writing;

/// <summary>An answer that names what is to be evicted.</summary>
public sealed class HeldAnswerTests : IDisposable
{
    private const string Answer = """{"name":"Rex","customerId":7}""";

    private readonly EndedWrites _store = new();
    private readonly Exposition _exposition = new();
    private readonly LocalCopies _copies = new(TimeProvider.System);
    private readonly HeldBodies _held = new(new MemoryOptions());
    private readonly Client _client = new();
    private readonly List<(string Key, long Sent, bool HasStarted)> _evicted = [];

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 5)]
    [InlineData(false, 1)]
    [InlineData(false, 5)]
    public async Task Nothing_of_it_goes_out_before_what_it_names_is_evicted_its_head_included(bool isDeclared, int pieces)
    {
        await PlayAsync(Answer, isDeclared, pieces);

        Assert.Equal([("demo:customer:7", 0, false)], _evicted);
        Assert.Equal(Answer, _client.Text);
        Assert.Equal(0, _held.Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_is_too_large_is_passed_on_as_it_came(bool isDeclared)
    {
        var answer = $$"""{"customerId":7,"note":"{{new string('x', 60_000)}}"}""";
        await PlayAsync(answer, isDeclared, pieces: 7, ("CacheProxy:Policies:pet:MaxBodyBytes", "50000"));

        Assert.Empty(_evicted);
        Assert.Equal(answer, _client.Text);
        Assert.Equal(0, _held.Bytes);
    }

    public void Dispose()
    {
        _exposition.Dispose();
        _copies.Dispose();
    }

    private async Task PlayAsync(string answer, bool isDeclared, int pieces, params (string, string?)[] settings)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(_client);
        _store.Outcome = async key =>
        {
            await Task.Yield();
            _evicted.Add((key, _client.Sent.Length, _client.HasStarted));
            return StoreOutcome.Done;
        };
        var pointed = WriteToPet.Find(
            context, "demo", "POST", "/api/pets", [("Evicts:0:Policy", "customer"), ("Evicts:0:id", "response:/customerId"), .. settings], out var route);
        var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
        var services = new WriteServices(
            new ResourceCache(_store, pending, _copies, new VaryHints(), new AbsentKeys()),
            new CacheEventLog(NullLoggerFactory.Instance),
            new WriteMetrics(_exposition.Meters, _store, pending),
            TimeProvider.System);
        await using var write = new WriteFence(services, TimeSpan.FromSeconds(1), pointed.Known);
        Assert.True(await write.TryBeginAsync());
        using var held = new HeldAnswer(pointed, _held, new ClientWriter(new MemoryOptions(), _exposition.Meters, TimeProvider.System));
        var gate = new WriteGate(context, write, new AffectedTargets(route), new UpstreamSending(), held);
        gate.Install();

        var bytes = Encoding.UTF8.GetBytes(answer);
        (context.Response.StatusCode, context.Response.ContentType) = (201, "application/json");
        context.Response.ContentLength = isDeclared ? bytes.Length : null;
        await context.Response.StartAsync(TestContext.Current.CancellationToken);
        foreach (var piece in bytes.Chunk((bytes.Length / pieces) + 1))
        {
            await context.Response.Body.WriteAsync(piece, TestContext.Current.CancellationToken);
            await context.Response.Body.FlushAsync(TestContext.Current.CancellationToken);
        }

        gate.Remove();
        await gate.FinishAsync(threw: false);
    }

    /// <summary>What the client has been sent.</summary>
    private sealed class Client : IHttpResponseBodyFeature
    {
        public MemoryStream Sent { get; } = new();

        public bool HasStarted { get; private set; }

        public string Text => Encoding.UTF8.GetString(Sent.ToArray());

        public Stream Stream => Sent;

        public PipeWriter Writer => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default)
        {
            HasStarted = true;
            return Task.CompletedTask;
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
