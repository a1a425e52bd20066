namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>A read that returned less than what was acknowledged before it began.</summary>
/// <param name="Id">The customer.</param>
/// <param name="Acknowledged">The version that was acknowledged before the read began.</param>
/// <param name="Returned">What it returned.</param>
/// <param name="AcknowledgedAt">Timestamp of the acknowledgement.</param>
/// <param name="BeganAt">Timestamp of the read's beginning.</param>
/// <param name="CacheStatus">How the read was answered.</param>
internal sealed record OutdatedRead(string Id, int Acknowledged, int Returned, long AcknowledgedAt, long BeganAt, string CacheStatus);
