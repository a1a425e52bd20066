namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>One customer as the API has it, and all that writers were told of it.</summary>
internal sealed class RecordedCustomer(string id)
{
    private readonly Lock _lock = new();

    // By version: whether the customer exists in it. Version 0 is what the run begins with.
    private readonly List<bool> _exists = [true];
    private readonly List<AnsweredWrite> _answered = [];

    public string Id => id;

    public string Path => "/api/customers/" + id;

    /// <summary>Of the pet that it contains, where the run is of pets.</summary>
    public string PetPath => "/api/pets/" + id;

    /// <summary>The latest version that the API has committed.</summary>
    public int Version
    {
        get
        {
            lock (_lock)
            {
                return _exists.Count - 1;
            }
        }
    }

    /// <summary>What a read of the API's data returns now.</summary>
    public (int Version, bool Exists) Read()
    {
        lock (_lock)
        {
            return (_exists.Count - 1, _exists[^1]);
        }
    }

    public int Commit(bool exists)
    {
        lock (_lock)
        {
            _exists.Add(exists);
            return _exists.Count - 1;
        }
    }

    /// <summary>Whether the version was ever committed, as a customer that exists or as one that does not.</summary>
    public bool Had(int version, bool exists)
    {
        lock (_lock)
        {
            return version >= 0 && version < _exists.Count && _exists[version] == exists;
        }
    }

    public void Answered(AnsweredWrite write)
    {
        lock (_lock)
        {
            _answered.Add(write);
        }
    }

    /// <summary>The latest version that a read through a proxy must know of.</summary>
    /// <param name="host">The proxy.</param>
    /// <param name="beganAt">When the read began.</param>
    public int KnownTo(int host, long beganAt)
    {
        lock (_lock)
        {
            var known = 0;
            for (var i = _answered.Count - 1; i >= 0; i--)
            {
                var write = _answered[i];
                var settled = write.SettledAt;
                if (write.AnsweredAt < beganAt && (write.Host == host || (settled != 0 && settled < beganAt)))
                {
                    known = Math.Max(known, write.Version);
                }
            }

            return known;
        }
    }
}
