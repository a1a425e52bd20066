using CacheProxy.Telemetry;
using Xunit;

namespace CacheProxy.Tests.Telemetry;

public sealed class CacheEventTextsTests
{
    [Theory]
    [InlineData("customer", "Customer cache hit", "Customer cached", "Customer cache invalidated", "customerId")]
    [InlineData("pet", "Pet cache hit", "Pet cached", "Pet cache invalidated", "petId")]
    [InlineData("Pet", "Pet cache hit", "Pet cached", "Pet cache invalidated", "petId")]
    [InlineData("price-list", "Price-list cache hit", "Price-list cached", "Price-list cache invalidated", "priceListId")]
    [InlineData("tenantPlan", "TenantPlan cache hit", "TenantPlan cached", "TenantPlan cache invalidated", "tenantPlanId")]
    public void The_policys_name_makes_texts_and_property(string policy, string hit, string cached, string invalidated, string idName)
    {
        var texts = new CacheEventTexts(policy);

        Assert.Equal(hit, texts.Hit);
        Assert.Equal(cached, texts.Cached);
        Assert.Equal(invalidated, texts.Invalidated);
        Assert.Equal(idName, texts.IdName);
    }
}
