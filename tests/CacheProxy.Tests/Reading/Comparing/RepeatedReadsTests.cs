using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Reading.Comparing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Reading.Comparing;

public sealed class RepeatedReadsTests
{
    private static readonly RouteCaching Route = new(null, [], new RequestRules(new CacheProxyOptions(), new PolicySet([], ""), []));

    private readonly FakeTimeProvider _time = new();
    private readonly RepeatedReads _reads;

    public RepeatedReadsTests() => _reads = new RepeatedReads(_time);

    [Fact]
    public async Task The_same_question_again_would_be_a_hit_and_another_would_not()
    {
        await ReadAsync("/api/orders/1");
        await ReadAsync("/api/orders/1");
        await ReadAsync("/api/orders/2");
        await ReadAsync("/api/orders/1", authorization: "Bearer b");

        Assert.Equal([new RepeatedRead("", "/api/orders/*", 4, 1, 0)], _reads.ToArray());
    }

    [Fact]
    public async Task Not_after_a_write_to_it_nor_when_it_has_expired()
    {
        await ReadAsync("/api/orders/1");
        _time.Advance(TimeSpan.FromSeconds(1));
        await WriteAsync("/api/orders/1", status: 200);
        _time.Advance(TimeSpan.FromSeconds(1));
        await ReadAsync("/api/orders/1");
        await ReadAsync("/api/orders/1");
        _time.Advance(RepeatedReads.Ttl);
        await ReadAsync("/api/orders/1");

        Assert.Equal([4, 1], [_reads.ToArray()[0].Requests, _reads.ToArray()[0].Hits]);
    }

    [Fact]
    public async Task A_write_that_the_API_refuses_changes_nothing()
    {
        await ReadAsync("/api/orders/1");
        _time.Advance(TimeSpan.FromSeconds(1));
        await WriteAsync("/api/orders/1", status: 400);

        await ReadAsync("/api/orders/1");

        Assert.Equal(1, _reads.ToArray()[0].Hits);
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(200, "no-store")]
    [InlineData(200, "private, max-age=60")]
    public async Task What_may_not_be_stored_is_no_hit(int status, string cacheControl)
    {
        await ReadAsync("/api/orders/1", status: status, cacheControl: cacheControl);
        await ReadAsync("/api/orders/1", status: status, cacheControl: cacheControl);

        Assert.Equal(new RepeatedRead("", "/api/orders/*", 2, 0, 2), _reads.ToArray()[0]);
    }

    [Fact]
    public async Task It_knows_few_shapes()
    {
        for (var i = 0; i < 300; i++)
        {
            await ReadAsync($"/{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}");
        }

        Assert.InRange(_reads.ToArray().Length, 1, 64);
    }

    [Theory]
    [InlineData("/api/customers/17", "/api/customers/*")]
    [InlineData("/api/v2/customers/17/orders", "/api/v2/customers/*/…")]
    [InlineData("/users/Anna", "/users/*")]
    [InlineData("/users/anna.schmidt", "/users/*")]
    [InlineData("/users/anna@example.com", "/users/*")]
    [InlineData("/x/c56a4180-65aa-42ec-a945-5fd21dec0538", "/x/*")]
    [InlineData("/a/verylongwordthatsnobodyswordatall", "/a/*")]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    public void Of_a_path_only_the_APIs_words_are_kept(string path, string shape) => Assert.Equal(shape, RepeatedReads.ShapeOf(path));

    private Task ReadAsync(string path, string? authorization = null, int status = 200, string cacheControl = "")
    {
        var context = Context("GET", path, status);
        context.Request.Headers.Authorization = authorization;
        context.Response.Headers.CacheControl = cacheControl;
        return _reads.SeeAsync(context, Route, Task.CompletedTask);
    }

    private Task WriteAsync(string path, int status) => _reads.SeeWriteAsync(Context("PUT", path, status), Task.CompletedTask);

    private static DefaultHttpContext Context(string method, string path, int status)
    {
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Path, context.Response.StatusCode) = (method, path, status);
        return context;
    }
}
