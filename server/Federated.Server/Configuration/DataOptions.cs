using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Federated.Server.Configuration;

/// <summary>Where the server keeps its files.</summary>
internal sealed class DataOptions
{
    public const string Section = "Data";

    [Required]
    [Description("Folder of the SQLite database, the model store, the journal and the keys. Relative to the current folder; created when missing; used by one server at a time.")]
    public string Directory { get; set; } = "data";

    public string DatabaseFile => Path.Combine(FullPath, "federated.db");

    public string KeyDirectory => Path.Combine(FullPath, "keys");

    public string ModelDirectory => Path.Combine(FullPath, "models");

    public string NodeDirectory => Path.Combine(FullPath, "node");

    public string ExchangeDirectory => Path.Combine(FullPath, "exchanges");

    public string LockFile => Path.Combine(FullPath, "server.lock");

    private string FullPath => Path.GetFullPath(Directory);
}
