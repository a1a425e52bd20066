namespace CustomerApi.Data;

internal sealed class UnusableDatabaseException(string message) : Exception(message);
