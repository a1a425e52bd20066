namespace CacheProxy.Store;

/// <summary>Something that an entry depends on: whatever changes it evicts the entry.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Key">The resource's key, or the tag's.</param>
/// <param name="Version">By what a look-up tells whether it still is what it was when the entry was filled.</param>
internal readonly record struct Dependency(DependencyKind Kind, string Key, string Version);

/// <summary>What an entry may depend on. The numbers are stored: never reuse one.</summary>
internal enum DependencyKind : byte
{
    /// <summary>A resource of another policy.</summary>
    Resource = 1,

    /// <summary>A tag, whose version is its generation.</summary>
    Tag = 2,

    /// <summary>Not a thing: the key is the digest of the rules by which the others were found. It stands first.</summary>
    Rules = 3,
}

/// <summary>What an entry depends on, as a whole.</summary>
internal static class Dependencies
{
    /// <summary>Whether any of them is a tag, whose generation must be asked for.</summary>
    public static bool HaveTags(StoredResponse? response)
    {
        foreach (var dependency in response?.Dependencies ?? [])
        {
            if (dependency.Kind == DependencyKind.Tag)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The dependencies within a stored response (<see cref="StoredResponseFormat"/>).</summary>
internal static class StoredDependencies
{
    private const int LeastBytes = 3;

    public static void Write(Dependency[] dependencies, BinaryWriter writer)
    {
        if (dependencies.Length == 0)
        {
            return;
        }

        writer.Write7BitEncodedInt(dependencies.Length);
        foreach (var (kind, key, version) in dependencies)
        {
            writer.Write((byte)kind);
            writer.Write(key);
            writer.Write(version);
        }
    }

    public static Dependency[] Read(ref StoredResponseReader reader)
    {
        var count = reader.Count();
        if (count == 0 || count > reader.Left / LeastBytes)
        {
            reader.Fail();
            return [];
        }

        var dependencies = new Dependency[count];
        for (var i = 0; i < dependencies.Length; i++)
        {
            var kind = (DependencyKind)reader.Byte();
            if (kind is not (DependencyKind.Resource or DependencyKind.Tag or DependencyKind.Rules))
            {
                // One that this version does not know may have changed.
                reader.Fail();
                return [];
            }

            dependencies[i] = new Dependency(kind, reader.Text(), reader.Text());
        }

        return dependencies;
    }
}
