using System.Security.Cryptography;

namespace Federated.Server.Identity;

/// <summary>
/// An ECDSA P-256 key in a PEM file that only its owner may read; made when missing. Its public half lies beside it, for the nodes of a
/// distributed tier.
/// </summary>
internal static class SigningKeyFile
{
    public static ECDsa LoadOrCreate(string directory, string name)
    {
        var path = Path.Combine(directory, name + ".pem");
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(path))
        {
            key.ImportFromPem(File.ReadAllText(path));
        }
        else
        {
            PrivateFile.Write(path, key.ExportPkcs8PrivateKeyPem());
        }

        PrivateFile.Write(Path.Combine(directory, name + ".pub.pem"), key.ExportSubjectPublicKeyInfoPem());
        return key;
    }
}
