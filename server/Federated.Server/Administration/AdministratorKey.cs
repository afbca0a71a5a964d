using Federated.Server.Configuration;
using Federated.Server.Identity;
using Microsoft.Extensions.Options;

namespace Federated.Server.Administration;

/// <summary>The administrator key, from the settings or from its file.</summary>
internal sealed class AdministratorKey(IOptions<AdministrationOptions> options, IHostEnvironment environment)
{
    private readonly Lazy<string?> _key = new(() => options.Value.Key
        ?? (options.Value.KeyFile is { } file ? File.ReadLines(file).FirstOrDefault()?.Trim() : null));

    /// <summary>In development a server without a key lets everybody in.</summary>
    public bool IsOpen => environment.IsDevelopment() && string.IsNullOrEmpty(_key.Value);

    public bool Accepts(string candidate)
    {
        return !string.IsNullOrEmpty(_key.Value) && SecretText.Matches(candidate, _key.Value);
    }
}
