using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Federated.Aggregator.Hosting.Settings;

namespace Federated.Server.Configuration;

/// <summary>Who may use the REST interface.</summary>
internal sealed class AdministrationOptions : IValidatableObject
{
    public const string Section = "Admin";

    [Secret]
    [MinLength(16, ErrorMessage = "Admin:Key must have at least 16 characters.")]
    [Description("The administrator key that requests carry as `X-Api-Key` or `Authorization: Bearer`; at least 16 characters. Required outside the Development environment.")]
    public string? Key { get; set; }

    [Description("File whose first line is the administrator key; an alternative to Admin:Key.")]
    public string? KeyFile { get; set; }

    [Range(1, 1000)]
    [Description("Number of items on a page of a list when the request names none.")]
    public int PageSize { get; set; } = 100;

    [Range(1, int.MaxValue)]
    [Description("Largest initial model that may be uploaded, in bytes.")]
    public int MaximumModelBytes { get; set; } = 1 << 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Key is not null && KeyFile is not null)
        {
            yield return new ValidationResult("Admin:Key and Admin:KeyFile exclude each other; set one of them.", [nameof(KeyFile)]);
        }

        if (KeyFile is not null && !File.Exists(KeyFile))
        {
            yield return new ValidationResult($"Admin:KeyFile names '{KeyFile}', which does not exist.", [nameof(KeyFile)]);
        }
    }
}
