using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Federated.AggregatorHost;

/// <summary>Whose signatures a node believes.</summary>
internal sealed class TrustOptions : IValidatableObject
{
    public const string Section = "Trust";

    [Description("Folder with the public keys of the server, `tickets.pub.pem` and `access-tokens.pub.pem`: the server writes them into `keys` of its data folder.")]
    public string Directory { get; set; } = Path.Combine("data", "keys");

    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    [Description("How far the node's clock may differ from the server's when a device's token is judged.")]
    public TimeSpan ClockTolerance { get; set; } = TimeSpan.FromSeconds(30);

    public string TicketKeyFile => Path.Combine(Path.GetFullPath(Directory), "tickets.pub.pem");

    public string TokenKeyFile => Path.Combine(Path.GetFullPath(Directory), "access-tokens.pub.pem");

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (string file in new[] { TicketKeyFile, TokenKeyFile }.Where(file => !File.Exists(file)))
        {
            yield return new ValidationResult(
                $"Trust:Directory has no file {file}. The server writes it at its first start; copy the folder's *.pub.pem here, or mount it.", [nameof(Directory)]);
        }
    }
}
