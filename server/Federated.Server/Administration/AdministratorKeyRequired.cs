using Federated.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Federated.Server.Administration;

/// <summary>A start without an administrator key fails outside development.</summary>
internal sealed class AdministratorKeyRequired(IHostEnvironment environment) : IValidateOptions<AdministrationOptions>
{
    public ValidateOptionsResult Validate(string? name, AdministrationOptions options)
    {
        return options.Key is null && options.KeyFile is null && !environment.IsDevelopment()
            ? ValidateOptionsResult.Fail(
                $"Admin:Key is required in the environment {environment.EnvironmentName}; set it (or Admin:KeyFile), or run with ASPNETCORE_ENVIRONMENT=Development.")
            : ValidateOptionsResult.Success;
    }
}
