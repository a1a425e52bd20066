namespace CacheProxy.Tests.Documentation;

/// <summary>A row of a table of keys.</summary>
/// <param name="Key">The whole key, with NAME and the like where the operator chooses a name.</param>
/// <param name="Default">Its default as the page states it, without the marks of code.</param>
internal sealed record KeyRow(string Key, string Default);
