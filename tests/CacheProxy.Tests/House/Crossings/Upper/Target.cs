namespace CacheProxy.Tests.House.Crossings.Upper;

/// <summary>What nothing in the folder <c>Lower</c> may use.</summary>
[AttributeUsage(AttributeTargets.All)]
public sealed class Target : Attribute
{
    public static int Count { get; set; }

    public static Lower.WaysAcross? Allowed => null;
}
