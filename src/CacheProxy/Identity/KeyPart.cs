namespace CacheProxy.Identity;

/// <summary>One part of a key template: a literal or a placeholder.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Text">The literal's text, or the route value's name.</param>
internal readonly record struct KeyPart(KeyPartKind Kind, string Text);
