using System.Globalization;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What tells one state of a system from another.</summary>
internal sealed partial class CopyRun
{
    private readonly List<(long Resource, long Tag)> _began = [];

    /// <summary>Where the parties are, what is on its way to whom in which order, and what each replica finds with and without its copies.</summary>
    public string State()
    {
        var parties = _parties.Select(static party =>
            $"{party.HasStarted} {party.Work.IsCompleted} {string.Join(", ", Enumerable.Range(0, party.Waiting).Select(party.Next))}");
        var replicas = _replicas.Select((replica, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"{replica.Number(_shared.Key) - _began[i].Resource} {replica.Number(_shared.Tag) - _began[i].Tag} {Messages(replica)} {string.Join(", ", replica.Steps.Late.Select(static late => late.IsRelease))} {Found(replica, MemoryTtl)} {Found(replica, TimeSpan.Zero)}"));
        return string.Create(CultureInfo.InvariantCulture, $"{_version} {_promised} | {string.Join("; ", parties)} | {string.Join("; ", replicas)}");
    }

    // Numbers go on from one order to the next.
    private void NoteNumbers()
    {
        _began.Clear();
        _began.AddRange(_replicas.Select(replica => (replica.Number(_shared.Key), replica.Number(_shared.Tag))));
    }

    private string Messages(CopyReplica replica) => string.Join(
        ", ",
        from message in _shared.Bus.Waiting
        where message.To == replica.Name
        let sender = _replicas.FindIndex(other => other.Name == message.From)
        let began = sender < 0 ? default : message.Key == _shared.Tag ? _began[sender].Tag : _began[sender].Resource
        select string.Create(CultureInfo.InvariantCulture, $"{sender} {(sender < 0 ? null : message.Number - began)} {message.IsInvalidation}"));

    private string Found(CopyReplica replica, TimeSpan memoryTtl)
    {
        var found = _context.Run(() => replica.Cache.LookUpAsync(_shared.Key, Request, memoryTtl, _budget));
        return found.Response is { } response
            ? ExploredResponse.VersionOf(response).ToString(CultureInfo.InvariantCulture)
            : found.Outcome.ToString();
    }
}
