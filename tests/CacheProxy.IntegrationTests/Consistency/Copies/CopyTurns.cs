namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>One party of the product's own code, stopped wherever another's step may come in between, until it is given the turn.</summary>
internal sealed class CopyTurns(CopyParty party, string token)
{
    private static readonly AsyncLocal<CopyTurns?> Running = new();
    private static readonly AsyncLocal<bool> Quick = new();

    private readonly Queue<(TaskCompletionSource Turn, string What)> _waiting = new();
    private int _calls;

    /// <summary>On whose behalf the code runs; <c>null</c> for nobody's, which is stopped nowhere.</summary>
    public static CopyTurns? Current => Running.Value;

    /// <summary>Whether the code runs on behalf of a party, though without a stop.</summary>
    public static bool IsQuick => Quick.Value;

    public CopyParty Party => party;

    /// <summary>Names its write.</summary>
    public string Token => token;

    /// <summary>What it does, from its first turn on.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>Whether its replica has died under it.</summary>
    public bool IsDead { get; set; }

    public bool HasStarted { get; private set; }

    public bool IsWaiting => _waiting.Count > 0 && !IsDead;

    public string Next => _waiting.Peek().What;

    public void Start(Func<CopyTurns, Task> work)
    {
        Running.Value = this;
        Work = work(this);
        Running.Value = null;
    }

    public Task NextAsync(string what)
    {
        var turn = new TaskCompletionSource();
        _waiting.Enqueue((turn, what));
        return turn.Task;
    }

    public void GoOn()
    {
        HasStarted = true;
        _waiting.Dequeue().Turn.SetResult();
    }

    public FaultKind NextFault() => _calls++ == party.FailingCall ? party.Fault : FaultKind.None;

    /// <summary>Steps between which no other comes.</summary>
    public static async ValueTask<T> AtOnceAsync<T>(Func<ValueTask<T>> steps)
    {
        // What an async method sets is undone when it returns.
        (Running.Value, Quick.Value) = (null, true);
        return await steps();
    }
}
