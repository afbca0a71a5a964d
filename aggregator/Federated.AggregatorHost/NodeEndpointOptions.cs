using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Federated.Aggregator.Hosting.Settings;

namespace Federated.AggregatorHost;

/// <summary>Where a node listens.</summary>
internal sealed class NodeEndpointOptions : IValidatableObject
{
    public const string Section = "Endpoints";

    [Required]
    [Description("Address where devices upload (gRPC, HTTP/2): scheme `http` or `https`, host (`localhost`, an IP address, or `*` for all) and port (0 picks a free one).")]
    public string Devices { get; set; } = "http://localhost:5181";

    [Required]
    [Description("Address where other nodes and the server exchange partials (gRPC, HTTP/2), in the same form. Not for devices.")]
    public string Transfer { get; set; } = "http://localhost:5182";

    [Required]
    [Description("Address where the node's Dapr sidecar delivers events and where health is asked for (HTTP/1.1), in the same form. Not for devices.")]
    public string Control { get; set; } = "http://localhost:5180";

    [Description("Certificate for `https` addresses: a PEM file together with Endpoints:CertificateKeyPath.")]
    public string? CertificatePath { get; set; }

    [Description("PEM file of the certificate's private key.")]
    public string? CertificateKeyPath { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string name, string address) in new[] { (nameof(Devices), Devices), (nameof(Transfer), Transfer), (nameof(Control), Control) })
        {
            if (!EndpointAddress.TryParse(address, out EndpointAddress? parsed))
            {
                yield return new ValidationResult($"Endpoints:{name} is '{address}'; it must read like http://localhost:5181.", [name]);
            }
            else if (parsed.IsTls && (!File.Exists(CertificatePath) || !File.Exists(CertificateKeyPath)))
            {
                yield return new ValidationResult(
                    $"Endpoints:{name} is https, but Endpoints:CertificatePath ('{CertificatePath}') and Endpoints:CertificateKeyPath ('{CertificateKeyPath}') do not both name a file.",
                    [nameof(CertificatePath)]);
            }
        }
    }
}
