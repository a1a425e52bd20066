namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>One way in which a forwarded message differs from the one sent directly; docs/transparency.md gives the reason under the same name.</summary>
internal sealed record KnownDifference(string Name, Func<WireForm, WireForm> Apply);
