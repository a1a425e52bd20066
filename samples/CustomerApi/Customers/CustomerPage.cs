namespace CustomerApi.Customers;

internal sealed record CustomerPage(IReadOnlyList<CustomerSummary> Items, int Page, int PageSize, long Total);
