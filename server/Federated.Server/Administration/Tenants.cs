namespace Federated.Server.Administration;

/// <summary>Tenants. Every key has one; administrators act for the default tenant.</summary>
internal static class Tenants
{
    public const string Default = "default";
}
