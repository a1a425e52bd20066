using System.IO.Pipelines;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Proxy;
using CacheProxy.Tests.Harness;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>A write with the product's own fence and gate, whose answer's head is there before its end: a client may act on the head.</summary>
internal sealed partial class CopyRun
{
    private static readonly RouteCaching Route = Compile();

    private async Task AnswerAsync(CopyTurns turns, CopyReplica replica)
    {
        await turns.NextAsync("begins");
        await using var write = new WriteFence(replica.Writes, TimeSpan.FromDays(1), [new EvictionTarget(Route.Policy!, _shared.Key, "demo", "123")]);
        await write.TryBeginAsync();
        var version = ++_version;
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new AnsweredClient(() => PromiseTo(turns, version)));
        var gate = new WriteGate(context, write, new AffectedTargets(Route), new UpstreamSending());
        gate.Install();
        await context.Response.StartAsync(CancellationToken.None);
        await turns.NextAsync("has the end of the API's answer");
        gate.Remove();
        await gate.FinishAsync(threw: false);
        PromiseTo(turns, version);
    }

    // Nobody hears of it from a replica that has died.
    private void PromiseTo(CopyTurns turns, int version)
    {
        if (!turns.IsDead)
        {
            Promise(version);
        }
    }

    private static RouteCaching Compile()
    {
        var problems = new List<ConfigurationProblem>();
        var sources = new ConfigurationSources(CustomersAlone.Directory, [], new ConfigurationBuilder().Build());
        var snapshot = ConfigurationCompiler.Compile(sources, running: null, problems);
        Assert.Empty(problems);
        return snapshot!.Rules.Routes["customer"];
    }

    /// <summary>One who acts as soon as the head is there.</summary>
    private sealed class AnsweredClient(Action onHead) : IHttpResponseBodyFeature
    {
        public Stream Stream => Stream.Null;

        public PipeWriter Writer => throw new NotSupportedException();

        public Task StartAsync(CancellationToken cancellationToken = default)
        {
            onHead();
            return Task.CompletedTask;
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void DisableBuffering()
        {
        }

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
