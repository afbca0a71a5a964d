using Federated.Client.Compression;
using Federated.Protocol.Uploads;

namespace Federated.Client;

/// <summary>Settings of a device. Only <see cref="Server"/> must be given, and <see cref="EnrolmentToken"/> at the first start.</summary>
public sealed class FederatedClientOptions
{
    /// <summary>
    /// Base address of the server, such as <c>https://fl.example.org</c>. <c>https</c> uses TLS, <c>http</c> plain HTTP/2. Required.
    /// </summary>
    public Uri? Server { get; set; }

    /// <summary>
    /// A PEM file with the authorities, or the server's own certificate, in which the certificate chain of an <c>https</c> server must end; the system's authorities are
    /// not asked then. The certificate must name the address in any case. Default: null, which means the system's authorities.
    /// </summary>
    public string? TrustedCertificatesFile { get; set; }

    /// <summary>The secret that admits an unknown device; not used again once the device is enrolled. Default: none.</summary>
    public string? EnrolmentToken { get; set; }

    /// <summary>A name for administrators, not an identifier; at most 100 characters. Default: empty.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>
    /// The folder that holds this device's identity, cached models and updates whose fate is open. One running device per folder.
    /// Default: <c>Federated</c> in the user's local application data.
    /// </summary>
    public string DataFolder { get; set; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "Federated");

    /// <summary>
    /// The jobs that the device is willing to work for. Default: empty, which means the first job of its tenant that has a task for
    /// it, until that job ends.
    /// </summary>
    public IList<string> JobIds { get; } = [];

    /// <summary>A class of devices for selection and reports, such as <c>phone-low</c>. Default: empty.</summary>
    public string DeviceClass { get; set; } = "";

    /// <summary>Bytes of memory that the device lends to a task; 0 when it does not want to say. Default: 0.</summary>
    public long MemoryBytes { get; set; }

    /// <summary>How long the server may keep a check-in waiting for work. 0 to 60 s; default 30 s.</summary>
    public TimeSpan CheckInWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the answer to a call may take, beyond the waiting that the call asks for. 1 s to 10 min; default 30 s.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a download or an upload may stand still before it is broken off and tried again. 1 s to 10 min; default 60 s.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long before its expiry an access token is renewed. 0 to 1 h; default 1 min.</summary>
    public TimeSpan TokenRefreshMargin { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Bytes of models, and of begun downloads, kept on disk between runs; the least recently used go first. 0 keeps none.
    /// Default: 1 GiB.
    /// </summary>
    public long ModelCacheBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Whether every update is written to <see cref="DataFolder"/> before it is uploaded, so that it survives a restart of the
    /// application. Updates that client state hangs on are written in any case. Default: false.
    /// </summary>
    public bool KeepPendingOnDisk { get; set; }

    /// <summary>
    /// The compressor that this device uses in the place of the job's, such as <c>topk:0.01</c> or <c>q4</c> on a metered network (docs/codecs.md). It names no feedback: that is the job's, because the
    /// server takes part in it. Jobs with dense updates are not touched. Default: null, which means the job's compressor.
    /// </summary>
    public string? Compression { get; set; }

    /// <summary>Payload bytes per message of an upload. 4 KiB to 4 MiB; default <see cref="UploadMethod.PreferredChunkBytes"/>.</summary>
    public int UploadChunkBytes { get; set; } = UploadMethod.PreferredChunkBytes;

    /// <summary>How failed calls are tried again.</summary>
    public RetryOptions Retry { get; } = new();

    /// <summary>Throws when the options cannot be used; the message lists every error.</summary>
    /// <exception cref="FederatedClientException">
    /// With <see cref="FederatedClientReason.InvalidOptions"/>, when one or more options are missing or out of range.
    /// </exception>
    public void Validate()
    {
        var errors = new OptionErrors();
        if (Server is null)
        {
            errors.Add("Server is missing; give the base address of the server.");
        }
        else if (!Server.IsAbsoluteUri || (Server.Scheme != Uri.UriSchemeHttp && Server.Scheme != Uri.UriSchemeHttps))
        {
            errors.Add($"Server is '{Server}'; it must be an absolute http or https address.");
        }

        if (TrustedCertificatesFile is not null && !File.Exists(TrustedCertificatesFile))
        {
            errors.Add($"TrustedCertificatesFile is '{TrustedCertificatesFile}', which names no readable file.");
        }

        errors.Range("DisplayName's length", DisplayName.Length, 0, 100);
        if (string.IsNullOrWhiteSpace(DataFolder))
        {
            errors.Add("DataFolder is empty; name a folder that the application may write to.");
        }

        errors.Range("MemoryBytes", MemoryBytes, 0, long.MaxValue);
        errors.Range("CheckInWait", CheckInWait, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        errors.Range("CallTimeout", CallTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        errors.Range("StallTimeout", StallTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        errors.Range("TokenRefreshMargin", TokenRefreshMargin, TimeSpan.Zero, TimeSpan.FromHours(1));
        errors.Range("ModelCacheBytes", ModelCacheBytes, 0, long.MaxValue);
        errors.Range("UploadChunkBytes", UploadChunkBytes, 4 * 1024, UploadMethod.MaxChunkBytes);
        if (Compression is not null && OwnCompression.Fault(Compression) is { } fault)
        {
            errors.Add($"Compression: {fault}");
        }

        Retry.Validate(errors);
        if (errors.All.Count > 0)
        {
            throw new FederatedClientException(FederatedClientReason.InvalidOptions, string.Join(Environment.NewLine, errors.All));
        }
    }
}
