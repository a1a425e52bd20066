namespace CacheProxy.Configuration.Checks;

/// <summary>What somebody who misspelt a name may have meant.</summary>
internal static class NearestName
{
    /// <summary>The closest of <paramref name="known"/>; <c>null</c> when none is close.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var closest = known
            .Select(candidate => (candidate, distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(static pair => pair.distance)
            .ThenBy(static pair => pair.candidate, StringComparer.Ordinal)
            .FirstOrDefault();
        return closest.candidate is not null && closest.distance <= Math.Max(2, name.Length * 2 / 5) ? closest.candidate : null;
    }

    // Levenshtein, one row at a time.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
