namespace Demo.Walking.Scenes;

/// <summary>
/// One thing that CacheProxy can do and that is off as shipped: a title, a sentence, the settings, and requests with what must come of
/// them. All scenes are played one after the other in a second CacheProxy, before the same API and on the same store as the first.
/// </summary>
/// <remarks>
/// To add one: a file here with a class that derives from this one, and its line in <see cref="Stage"/>. Then
/// <list type="bullet">
/// <item>say in <see cref="Settings"/> all that differs from the shipped file. Scenes whose settings for one key differ do not go
/// together: give the second one a policy of its own;</item>
/// <item>ask and write through <see cref="Stage.AskAsync"/>, which prints and checks: a hit costs the API no query, a miss as many as
/// <see cref="Step.MissQueries"/> says (one), and whatever is forwarded at least one;</item>
/// <item>take what no other scene and no step of <see cref="Script"/> takes. A list is changed by other scenes' writes, so read it first in
/// the scene itself. Tenant demo has the customers 1 to 300, of which the walk takes those up to 219, and its pets have other numbers:
/// customer 281 has 515 to 517;</item>
/// <item>where the store in CacheProxy's memory cannot show it, such as what outlives a restart, say so in <see cref="NeedsRedis"/>.</item>
/// </list>
/// </remarks>
internal abstract class Scene
{
    public abstract string Title { get; }

    /// <summary>What one sees, in a sentence.</summary>
    public abstract string Sentence { get; }

    /// <summary>Keys and values over the shipped configuration.</summary>
    public abstract IReadOnlyDictionary<string, string> Settings { get; }

    public virtual bool NeedsRedis => false;

    public abstract Task PlayAsync(Stage stage);
}
