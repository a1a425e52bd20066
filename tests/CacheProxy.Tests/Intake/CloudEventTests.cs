using System.Text;
using CacheProxy.Configuration;
using CacheProxy.Intake;
using CacheProxy.Tests.Configuration;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Intake;

/// <summary>CloudEvents 1.0: the JSON format and the binary mode of HTTP.</summary>
public sealed class CloudEventTests
{
    private const string Data = """{"policy":"customer","tenant":"demo","values":{"id":"1"}}""";
    private const string Head = "\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"/job\",\"type\":\"written\"";

    private static readonly ConfigurationSnapshot Configuration = CandidateConfiguration.Accepted();

    [Theory]
    [InlineData($$$$"""{{{{{Head}}}},"data":{{{{Data}}}}}""")]
    [InlineData($$$$"""{{{{{Head}}}},"datacontenttype":"application/json; charset=utf-8","time":"2026-11-28T12:00:00Z","subject":"x","sequence":3,"more":null,"data":{{{{Data}}}}}""")]
    [InlineData($$$$"""{{{{{Head}}}},"data_base64":"eyJwb2xpY3kiOiJjdXN0b21lciIsInRlbmFudCI6ImRlbW8iLCJ2YWx1ZXMiOnsiaWQiOiIxIn19"}""")]
    public void An_event_carries_an_item(string json) => Assert.Equal("demo:customer:1", ReadItems.Evicted(Configuration, json));

    [Theory]
    [InlineData("""{"specversion":"0.3","id":"a","source":"/job","type":"written","data":{}}""", "specversion")]
    [InlineData("""{"specversion":"1.0","id":"","source":"/job","type":"written","data":{}}""", "id")]
    [InlineData("""{"specversion":"1.0","id":"a","type":"written","data":{}}""", "source")]
    [InlineData("""{"specversion":"1.0","id":"a","source":"/job","data":{}}""", "type")]
    [InlineData($$$$"""{{{{{Head}}}},"dataContentType":"application/json","data":{}}""", "dataContentType")]
    [InlineData($$$$"""{{{{{Head}}}},"datacontenttype":"text/xml","data":{}}""", "datacontenttype")]
    [InlineData($$$$"""{{{{{Head}}}},"time":"yesterday","data":{}}""", "time")]
    [InlineData($$$$"""{{{{{Head}}}},"nested":{},"data":{}}""", "nested")]
    [InlineData($$$$"""{{{{{Head}}}}}""", "data")]
    [InlineData($$$$"""{{{{{Head}}}},"data":{},"data_base64":"e30="}""", "data")]
    [InlineData($$$$"""{{{{{Head}}}},"data_base64":"?"}""", "data_base64")]
    [InlineData($$$$"""{{{{{Head}}}},"data_base64":"AAAA"}""", "data_base64")]
    [InlineData($$$$"""{{{{{Head}}}},"data":{"policy":"customer","tenant":"demo","values":{"id":null}}}""", "data/values/id")]
    [InlineData($$$$"""{{{{{Head}}}},"data":null}""", "data")]
    public void An_event_that_breaks_a_rule_is_refused_by_name(string json, string member) =>
        Assert.Equal("refused: " + member, ReadItems.Evicted(Configuration, json));

    [Fact]
    public void In_binary_mode_the_attributes_are_headers_and_the_body_is_the_data()
    {
        var headers = Headers(("Content-Type", "application/json"), ("ce-specversion", "1.0"), ("ce-id", "a"), ("ce-source", "/job"), ("Ce-Type", "written"));
        var request = Read(headers, Data);

        Assert.Equal("demo:customer:1", ReadItems.Evicted(Configuration, Assert.Single(request.Items)));
        headers.Remove("ce-id");
        Assert.Equal("id", Assert.Single(Read(headers, Data).Items).Refusal?.Member);
    }

    [Fact]
    public void A_batch_is_a_list_of_events_and_of_nothing_else()
    {
        var headers = Headers(("Content-Type", "application/cloudevents-batch+json"));
        var request = Read(headers, $$$$"""[{{{{{Head}}}},"data":{{{{Data}}}}},{{{{Data}}}}]""");

        Assert.Equal(["demo:customer:1", "refused: specversion"], request.Items.Select(item => ReadItems.Evicted(Configuration, item)));
        Assert.Equal(WrongRequest.Content, Read(headers, $$$$"""{{{{{Head}}}},"data":{{{{Data}}}}}""").Wrong);
        Assert.Empty(Read(headers, "[]").Items);
    }

    [Theory]
    [InlineData("application/json", Data, null, 1)]
    [InlineData("application/json", $"[{Data},{Data}]", null, 2)]
    [InlineData("application/cloudevents+json; charset=UTF-8", $$$$"""{{{{{Head}}}},"data":{{{{Data}}}}}""", null, 1)]
    [InlineData("application/json", "{", nameof(WrongRequest.Content), 0)]
    [InlineData("application/json", "", nameof(WrongRequest.Content), 0)]
    [InlineData("application/json", """{"policy":"a","policy":"b"}""", nameof(WrongRequest.Content), 0)]
    [InlineData("application/json", "[1,2,3]", nameof(WrongRequest.TooLarge), 0)]
    [InlineData("text/plain", Data, nameof(WrongRequest.Type), 0)]
    [InlineData("application/json; charset=latin1", Data, nameof(WrongRequest.Type), 0)]
    [InlineData("application/xml+json", Data, nameof(WrongRequest.Type), 0)]
    [InlineData("", Data, nameof(WrongRequest.Type), 0)]
    public void A_request_is_read_as_its_type_says_or_refused_as_a_whole(string type, string body, string? wrong, int items)
    {
        var request = Read(Headers(("Content-Type", type)), body, ("CacheProxy:Intake:MaxItems", "2"));

        Assert.Equal((wrong, items), (request.Wrong?.ToString(), request.Items.Count));
        Assert.Equal(wrong is null, request.Problem.Length == 0);
    }

    [Fact]
    public void An_encoded_body_is_refused() =>
        Assert.Equal(WrongRequest.Type, Read(Headers(("Content-Type", "application/json"), ("Content-Encoding", "gzip")), Data).Wrong);

    private static HeaderDictionary Headers(params (string Name, string Value)[] headers)
    {
        var made = new HeaderDictionary();
        foreach (var (name, value) in headers)
        {
            made[name] = value;
        }

        return made;
    }

    private static EvictionsRequest Read(HeaderDictionary headers, string body, params (string Key, string? Value)[] settings) =>
        EvictionsRequest.Read(headers, Encoding.UTF8.GetBytes(body), CandidateConfiguration.Accepted(settings).Options.Intake);
}
