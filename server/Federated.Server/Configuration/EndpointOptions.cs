using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Federated.Aggregator.Hosting.Settings;

namespace Federated.Server.Configuration;

/// <summary>Where the server listens. Plain-text gRPC needs an endpoint of its own, because HTTP/2 without TLS cannot be negotiated.</summary>
internal sealed class EndpointOptions : IValidatableObject
{
    public const string Section = "Endpoints";

    [Required]
    [Description("Address of the REST interface for administrators: scheme `http` or `https`, host (`localhost`, an IP address, or `*` for all) and port (0 picks a free one).")]
    public string Rest { get; set; } = "http://localhost:5080";

    [Required]
    [Description("Address of the gRPC interface for devices, in the same form; HTTP/2 only.")]
    public string Grpc { get; set; } = "http://localhost:5081";

    [Description("Certificate for `https` addresses: a PKCS #12 file, or a PEM file together with Endpoints:CertificateKeyPath.")]
    public string? CertificatePath { get; set; }

    [Description("PEM file of the certificate's private key.")]
    public string? CertificateKeyPath { get; set; }

    [Secret]
    [Description("Password of the certificate's file or key.")]
    public string? CertificatePassword { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, address) in new[] { (nameof(Rest), Rest), (nameof(Grpc), Grpc) })
        {
            if (!EndpointAddress.TryParse(address, out var parsed))
            {
                yield return new ValidationResult($"Endpoints:{name} is '{address}'; it must read like http://localhost:5080.", [name]);
            }
            else if (parsed.IsTls && !File.Exists(CertificatePath))
            {
                yield return new ValidationResult($"Endpoints:{name} is https, but Endpoints:CertificatePath names no readable file ('{CertificatePath}').", [nameof(CertificatePath)]);
            }
        }
    }
}
