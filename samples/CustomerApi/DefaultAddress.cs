namespace CustomerApi;

/// <summary>http://localhost:4005, unless ordinary ASP.NET Core configuration names another address.</summary>
internal static class DefaultAddress
{
    private const string Url = "http://localhost:4005";

    private static readonly string[] KeysThatNameAnAddress =
        [WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey];

    public static void Apply(WebApplicationBuilder builder)
    {
        var named = builder.Configuration.GetSection("Kestrel:Endpoints").Exists()
            || KeysThatNameAnAddress.Any(key => !string.IsNullOrEmpty(builder.Configuration[key]));
        if (!named)
        {
            builder.WebHost.UseUrls(Url);
        }
    }
}
