using System.IO.Pipelines;
using System.Text;
using CacheProxy.Store;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CacheProxy.Tests.Writing;

/// <summary>A body that is read before the API is asked.</summary>
public sealed class PointedRequestTests
{
    private readonly HeldBodies _held = new(new MemoryOptions { MaxHeldBytes = 100_000 });

    [Fact]
    public async Task What_has_arrived_of_a_body_takes_room_until_the_rest_is_there_and_stays_for_the_forwarder()
    {
        var (context, pointed, body) = Begin();
        var reading = PointedRequest.ReadAsync(context, pointed, _held).AsTask();
        var start = $$"""{"note":"{{new string('x', 100_000)}}",""";

        await body.WriteAsync(Encoding.UTF8.GetBytes(start), TestContext.Current.CancellationToken);
        Assert.Equal(start.Length - WriteBody.MaxAheadBytes, _held.Bytes);
        await body.WriteAsync("\"customerId\":7}"u8.ToArray(), TestContext.Current.CancellationToken);
        await body.CompleteAsync();

        Assert.True(await reading);
        Assert.Equal(0, _held.Bytes);
        Assert.Equal("demo:customer:7", Assert.Single(pointed.Known).Key.Value);
        Assert.Equal(start.Length + 15, (await context.Request.BodyReader.ReadAsync(TestContext.Current.CancellationToken)).Buffer.Length);
    }

    [Fact]
    public async Task Without_room_it_is_sent_on_as_it_arrives_and_counted()
    {
        var (context, pointed, body) = Begin();
        var reading = PointedRequest.ReadAsync(context, pointed, _held).AsTask();

        await body.WriteAsync(new byte[200_000], TestContext.Current.CancellationToken);

        Assert.False(await reading);
        Assert.Equal(0, _held.Bytes);
        Assert.Equal(UnresolvedReason.MemoryFull, Assert.Single(pointed.Unresolved()).Reason);
    }

    private static (HttpContext Context, PointedTargets Pointed, PipeWriter Body) Begin()
    {
        // Continuations run at once: what a write has brought is read when it returns.
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0));
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new Body(pipe.Reader));
        context.Request.ContentType = "application/json";
        var pointed = WriteToPet.Find(
            context, "demo", "POST", "/api/pets", [("Evicts:0:Policy", "customer"), ("Evicts:0:id", "request:/customerId")], out _);
        return (context, pointed, pipe.Writer);
    }

    private sealed class Body(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }
}
