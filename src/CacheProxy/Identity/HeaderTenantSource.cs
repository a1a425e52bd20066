namespace CacheProxy.Identity;

/// <summary>The tenant as the value of a request header.</summary>
internal sealed class HeaderTenantSource(string header) : ITenantSource
{
    public void Read(HttpRequest request, ref TenantVotes votes)
    {
        if (!request.Headers.TryGetValue(header, out var values))
        {
            return;
        }

        if (values.Count == 0)
        {
            votes.AddMalformed("");
        }

        foreach (var value in values)
        {
            if (value is not null && !value.Contains(','))
            {
                votes.Add(value);
                continue;
            }

            // Intermediaries may have joined two lines into one: which of them the API takes is anybody's guess.
            foreach (var part in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                votes.AddMalformed(part);
            }
        }
    }
}
