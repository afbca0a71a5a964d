using System.Collections.Frozen;
using System.Text.Json.Serialization.Metadata;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>The events that travel through Dapr, a topic each, and who listens to which.</summary>
public static class TierTopics
{
    /// <summary>What a node listens to.</summary>
    public static IReadOnlyList<Type> OfNodes { get; } =
        [typeof(RoundOpened), typeof(RoundClosing), typeof(RoundEnded), typeof(PartialReady), typeof(CoefficientsReady), typeof(UpdatesUnwanted), typeof(DevicesRevoked)];

    /// <summary>What the server listens to.</summary>
    public static IReadOnlyList<Type> OfCoordinator { get; } =
        [typeof(NodeJoined), typeof(NodeAlive), typeof(NodeLeft), typeof(RoundReady), typeof(UpdatesStored), typeof(ClosingDelayed), typeof(PartialReady), typeof(AggregateReady)];

    private static readonly FrozenDictionary<Type, string> Names = OfNodes.Union(OfCoordinator)
        .ToFrozenDictionary(type => type, type => string.Concat(type.Name.Select((letter, i) =>
            char.IsUpper(letter) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(letter) : letter.ToString())));

    /// <summary>Whether events of this type leave the process.</summary>
    public static bool Contains(Type type) => Names.ContainsKey(type);

    /// <summary>The topic of an event type, such as <c>federated.round-opened</c>.</summary>
    public static string NameOf(string prefix, Type type) => $"{prefix}.{Names[type]}";

    /// <summary>Where events go that a handler refused to the last.</summary>
    public static string DeadLetters(string prefix) => $"{prefix}.dead-letters";

    internal static JsonTypeInfo FormatOf(Type type) =>
        TierJson.Default.GetTypeInfo(type) ?? throw new InvalidOperationException($"{type} has no JSON form among the events of the tier.");
}
