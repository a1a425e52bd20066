namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>One party of the product's own code, stopped wherever another's step may come in between, until it is given the turn.</summary>
internal sealed class CopyTurns(CopyParty party, string token)
{
    /// <summary>What a party waits for that has called the store.</summary>
    public const string Reply = "has the reply";

    private const string CarriedOut = "carried out";

    private static readonly AsyncLocal<CopyTurns?> Running = new();
    private static readonly AsyncLocal<bool> Quick = new();

    private readonly List<(TaskCompletionSource Turn, string What)> _waiting = [];
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

    /// <summary>In how many ways it may go on: two calls that are under way at once may be carried out in either order.</summary>
    public int Waiting => IsDead ? 0 : _waiting.Count;

    public string Next(int way) => _waiting[way].What;

    /// <summary>Whether the store carries its call out next.</summary>
    public bool IsCarriedOut(int way) => Next(way).StartsWith(CarriedOut, StringComparison.Ordinal);

    public void Start(Func<CopyTurns, Task> work)
    {
        Running.Value = this;
        Work = work(this);
        Running.Value = null;
    }

    public Task NextAsync(string what)
    {
        var turn = new TaskCompletionSource();
        _waiting.Add((turn, what));
        return turn.Task;
    }

    public Task IsCarriedOutAsync(string where) => NextAsync(CarriedOut + where);

    public void GoOn(int way)
    {
        HasStarted = true;
        var turn = _waiting[way].Turn;
        _waiting.RemoveAt(way);
        turn.SetResult();
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
