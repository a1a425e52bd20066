using System.Text;
using System.Text.RegularExpressions;
using CacheProxy.Configuration;
using CacheProxy.Intake;
using CacheProxy.Tests.House;
using CacheProxy.Tests.Intake;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>What docs/outside-writes.md sends is understood by the configuration that it shows.</summary>
public sealed partial class OutsideWritesPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "outside-writes.md"));

    private static readonly ConfigurationSnapshot Configuration =
        Assert.Single(MarkdownPage.Named("docs/outside-writes.md").JsonExamples()).Compile().Snapshot!;

    [Fact]
    public void Every_request_evicts_the_customer_that_it_is_about()
    {
        var requests = Block().Matches(Page).Where(static block => block.Groups["kind"].Value == "http").Select(static block => block.Groups["text"].Value).ToArray();

        Assert.True(requests.Length > 4);
        Assert.All(requests, static request =>
        {
            var (head, body) = (request.Split("\n\n", 2)[0], request.Split("\n\n", 2)[1]);
            var headers = new HeaderDictionary();
            foreach (var line in head.Split('\n')[1..])
            {
                headers[line.Split(": ", 2)[0]] = line.Split(": ", 2)[1];
            }

            var read = EvictionsRequest.Read(headers, Encoding.UTF8.GetBytes(body), Configuration.Options.Intake);
            Assert.Null(read.Wrong);
            var evicted = read.Items.Select(static item => ReadItems.Evicted(Configuration, item)).ToArray();
            Assert.DoesNotContain(evicted, static keys => keys.StartsWith("refused", StringComparison.Ordinal));
            Assert.Contains("demo:customer:123", string.Join(' ', evicted).Split(' '));
        });
    }

    [Fact]
    public void Every_entry_of_a_stream_evicts_something()
    {
        var entries = Entry().Matches(Assert.Single(Block().Matches(Page), static block => block.Groups["kind"].Value == "redis").Groups["text"].Value);

        Assert.Equal(3, entries.Count);
        Assert.All(entries, static entry =>
        {
            Assert.True(IntakeItem.TryParse(Encoding.UTF8.GetBytes(entry.Groups["json"].Value), out var json));
            var items = json.ValueKind == System.Text.Json.JsonValueKind.Array ? json.EnumerateArray().ToArray() : [json];
            Assert.All(items, static item => Assert.Contains(
                "demo", ReadItems.Evicted(Configuration, IntakeItem.Read(item, Configuration.Options.Intake)), StringComparison.Ordinal));
        });
    }

    [GeneratedRegex("^```(?<kind>\\w+)\n(?<text>.*?)\n```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^XADD .*'(?<json>[^']*)'$", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
