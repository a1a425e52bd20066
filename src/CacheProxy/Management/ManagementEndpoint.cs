namespace CacheProxy.Management;

/// <summary>One thing that the management listener answers, as it is mapped, guarded and documented.</summary>
/// <param name="Method">GET answers HEAD, too.</param>
/// <param name="Path">Literal segments, and names in braces; the handler finds their values in <c>Request.RouteValues</c>.</param>
/// <param name="Access">Who may.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Create">Makes the handler, when the endpoint is asked for the first time: an idle program pays for none.</param>
internal sealed record ManagementEndpoint(string Method, string Path, Access Access, string Summary, Func<IServiceProvider, RequestDelegate> Create)
{
    /// <summary>Of the query, or of the path where its name is in it.</summary>
    public Parameter[] Parameters { get; init; } = [];

    /// <summary>What the request holds as JSON; <c>null</c> for nothing.</summary>
    public Shape? Body { get; init; }

    /// <summary>It is called for every row that some job writes: what it did well is logged at Debug.</summary>
    public bool IsFrequent { get; init; }

    /// <summary>What it answers when all is well; problems are the same everywhere.</summary>
    public Answer[] Answers { get; init; } = [];

    public static ManagementEndpoint Open(string path, string summary, Func<IServiceProvider, RequestDelegate> create, params Answer[] answers) =>
        new(HttpMethods.Get, path, Access.Open, summary, create) { Answers = answers };

    public static ManagementEndpoint Read(string path, string summary, Func<IServiceProvider, RequestDelegate> create, params Answer[] answers) =>
        new(HttpMethods.Get, path, Access.Read, summary, create) { Answers = answers };

    public static ManagementEndpoint Change(
        string method, string path, string summary, Func<IServiceProvider, RequestDelegate> create, params Answer[] answers) =>
        new(method, path, Access.Change, summary, create) { Answers = answers };
}

/// <summary>Who may use an endpoint.</summary>
internal enum Access
{
    /// <summary>Everybody who reaches the listener.</summary>
    Open,

    /// <summary>Who is on the machine, comes from <c>CacheProxy:Management:ReadsFrom</c>, or has a token.</summary>
    Read,

    /// <summary>Who has a token.</summary>
    Change,
}

/// <summary>A value in the path or the query.</summary>
internal sealed record Parameter(string Name, string Description, Shape? Shape = null)
{
    public bool IsRequired { get; init; }
}

/// <summary>What an endpoint answers.</summary>
/// <param name="Status">The status.</param>
/// <param name="Description">When.</param>
/// <param name="ContentType">Of the content.</param>
/// <param name="Shape">Of JSON.</param>
internal sealed record Answer(int Status, string Description, string ContentType, Shape? Shape = null)
{
    public static Answer Json(int status, string description, Shape shape) => new(status, description, "application/json", shape);

    public static Answer Text(int status, string description, string contentType = "text/plain") => new(status, description, contentType);
}
