using System.Collections.Concurrent;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>Stands in for an OpenTelemetry collector that takes spans by OTLP, http/protobuf.</summary>
internal sealed class TraceCollector : IAsyncDisposable
{
    private readonly ConcurrentQueue<byte[]> _received = new();
    private StubApi? _api;

    public string Address => _api!.Address;

    /// <summary>Where the spans were sent.</summary>
    public IEnumerable<string> Targets => _api!.Requests;

    /// <summary>All that was sent, as it is; texts in protocol buffers can be read in it.</summary>
    public string Text => string.Concat(_received.Select(Encoding.Latin1.GetString));

    public IReadOnlyList<CollectedSpan> Spans => [.. _received.SelectMany(static body => CollectedSpan.Read(body))];

    public static async Task<TraceCollector> StartAsync()
    {
        var collector = new TraceCollector();
        collector._api = await StubApi.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            collector._received.Enqueue(body.ToArray());
        });
        return collector;
    }

    public ValueTask DisposeAsync() => _api!.DisposeAsync();
}

/// <summary>A span as it is sent: what of <c>opentelemetry.proto.trace.v1</c> the tests look at.</summary>
internal sealed record CollectedSpan(string Trace, string Id, string Parent, string Name, ulong Kind, ulong Status, IReadOnlyDictionary<string, string> Attributes)
{
    public const ulong Server = 2;
    public const ulong Client = 3;
    public const ulong Error = 2;

    public ulong BeganNs { get; private init; }

    public ulong EndedNs { get; private init; }

    // ExportTraceServiceRequest > ResourceSpans > ScopeSpans > Span.
    public static IEnumerable<CollectedSpan> Read(byte[] request) =>
        Field(Fields(request), 1).SelectMany(static resource => Field(Fields(resource), 2)).SelectMany(static scope => Field(Fields(scope), 2)).Select(OfSpan);

    private static CollectedSpan OfSpan(byte[] bytes)
    {
        var fields = Fields(bytes).ToArray();
        return new CollectedSpan(
            Convert.ToHexStringLower(Field(fields, 1).Single()),
            Convert.ToHexStringLower(Field(fields, 2).Single()),
            Convert.ToHexStringLower(Field(fields, 4).SingleOrDefault([])),
            Encoding.UTF8.GetString(Field(fields, 5).Single()),
            Number(fields, 6),
            Field(fields, 15).Select(static status => Number(Fields(status).ToArray(), 3)).SingleOrDefault(),
            Field(fields, 9).Select(static pair => Fields(pair).ToArray()).ToDictionary(
                static pair => Encoding.UTF8.GetString(Field(pair, 1).Single()), static pair => Value(Fields(Field(pair, 2).Single()).Single())))
        {
            BeganNs = Number(fields, 7),
            EndedNs = Number(fields, 8),
        };
    }

    // AnyValue: a text is its field 1, a number its field 3.
    private static string Value((int Number, ulong Varint, byte[] Bytes) value) =>
        value.Number == 1 ? Encoding.UTF8.GetString(value.Bytes) : value.Varint.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<byte[]> Field(IEnumerable<(int Number, ulong Varint, byte[] Bytes)> fields, int number) =>
        fields.Where(field => field.Number == number).Select(static field => field.Bytes);

    private static ulong Number(IEnumerable<(int Number, ulong Varint, byte[] Bytes)> fields, int number) =>
        fields.Where(field => field.Number == number).Select(static field => field.Varint).SingleOrDefault();

    private static IEnumerable<(int Number, ulong Varint, byte[] Bytes)> Fields(byte[] message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var (number, wire) = ((int)(tag >> 3), tag & 7);
            switch (wire)
            {
                case 0:
                    yield return (number, Varint(message, ref at), []);
                    break;
                case 1 or 5:
                    var size = wire == 1 ? 8 : 4;
                    yield return (number, wire == 1 ? BitConverter.ToUInt64(message, at) : BitConverter.ToUInt32(message, at), []);
                    at += size;
                    break;
                default:
                    var length = (int)Varint(message, ref at);
                    yield return (number, 0, message[at..(at + length)]);
                    at += length;
                    break;
            }
        }
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
