using System.Net;

namespace CacheProxy.Proxy;

/// <summary>A response's content that flushes the head to the client when the body's first bytes are not there yet.</summary>
internal sealed class HeadFirstContent(HttpContent content, HttpResponse response) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new HeadFirstStream(await content.ReadAsStreamAsync(cancellationToken), response);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}
