namespace Demo.Starting;

/// <summary>Something that the demo needs is not there; the message says what, and what to do.</summary>
internal sealed class StartException(string message) : Exception(message);
