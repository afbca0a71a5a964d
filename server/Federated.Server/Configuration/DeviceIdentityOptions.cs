using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Federated.Server.Configuration;

/// <summary>How devices become known and prove who they are.</summary>
internal sealed class DeviceIdentityOptions : IValidatableObject
{
    public const string Section = "Identity";

    [Description("How long a device's access token is valid.")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    [Description("How long a challenge may be answered.")]
    public TimeSpan ChallengeLifetime { get; set; } = TimeSpan.FromMinutes(1);

    [Range(0, 1_000_000)]
    [Description("Number of devices that the enrolment token printed at the first start admits; 0 creates none.")]
    public int FirstTokenUses { get; set; } = 1000;

    [Description("How long the enrolment token printed at the first start is valid.")]
    public TimeSpan FirstTokenLifetime { get; set; } = TimeSpan.FromDays(7);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[]
        {
            (nameof(AccessTokenLifetime), AccessTokenLifetime),
            (nameof(ChallengeLifetime), ChallengeLifetime),
            (nameof(FirstTokenLifetime), FirstTokenLifetime),
        })
        {
            if (value <= TimeSpan.Zero)
            {
                yield return new ValidationResult($"Identity:{name} is {value}; it must be positive.", [name]);
            }
        }
    }
}
