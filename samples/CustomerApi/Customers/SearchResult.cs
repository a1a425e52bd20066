namespace CustomerApi.Customers;

internal sealed record SearchResult(string Q, IReadOnlyList<CustomerSummary> Items);
