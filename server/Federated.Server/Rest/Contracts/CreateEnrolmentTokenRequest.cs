using System.ComponentModel;

namespace Federated.Server.Rest.Contracts;

/// <summary>What a fresh enrolment token shall allow.</summary>
internal sealed record CreateEnrolmentTokenRequest
{
    [Description("A note for administrators, at most 200 characters.")]
    public string Description { get; init; } = "";

    [Description("Number of devices that the token admits, 1 to 1,000,000.")]
    public int Uses { get; init; } = 1;

    [Description("Hours until the token expires, greater than 0, at most 8760.")]
    public double LifetimeHours { get; init; } = 24;

    public Dictionary<string, string[]> Errors()
    {
        var errors = new Dictionary<string, string[]>();
        if (Description is null || Description.Length > 200)
        {
            errors["description"] = ["must have at most 200 characters."];
        }

        if (Uses is < 1 or > 1_000_000)
        {
            errors["uses"] = [$"{Uses} is not allowed; it must be 1 to 1,000,000."];
        }

        if (LifetimeHours is not (> 0 and <= 8760))
        {
            errors["lifetimeHours"] = [FormattableString.Invariant($"{LifetimeHours} is not allowed; it must be greater than 0 and at most 8760.")];
        }

        return errors;
    }
}
