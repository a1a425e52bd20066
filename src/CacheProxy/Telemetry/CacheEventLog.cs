namespace CacheProxy.Telemetry;

/// <summary>
/// The Debug events of caching, with the properties <c>tenantId</c> and <c>POLICYId</c>. Their names depend on the policy, which the
/// logging source generator cannot express; this is the only hand-made log call.
/// </summary>
internal sealed class CacheEventLog(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger(typeof(CacheEventLog).FullName!);

    public void Hit(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Hit, texts.IdName, tenantId, id);

    public void Cached(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Cached, texts.IdName, tenantId, id);

    public void Invalidated(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Invalidated, texts.IdName, tenantId, id);

    private void Write(string text, string idName, string? tenantId, string? id)
    {
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            _logger.Log(LogLevel.Debug, default, new CacheEvent(text, idName, tenantId, id), null, static (state, _) => state.ToString());
        }
    }
}
