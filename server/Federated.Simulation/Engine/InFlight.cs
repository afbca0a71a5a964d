using Federated.Coordination.Anarchic;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Simulation.Devices;

namespace Federated.Simulation.Engine;

/// <summary>A worker of an asynchronous simulation between its pull and its push. What it starts from is fixed, so it may be trained at any time before it arrives.</summary>
internal sealed class InFlight
{
    public required uint Client { get; init; }

    /// <summary>The form that its update will have.</summary>
    public required AnarchicForm Form { get; init; }

    /// <summary>What it was asked to do.</summary>
    public required LocalTraining Settings { get; init; }

    /// <summary>Bytes of what it pulled.</summary>
    public required long Down { get; init; }

    /// <summary>Bytes of its upload before it is made: those of the mask that it pulled, whatever the mask is when it arrives.</summary>
    public required long Up { get; init; }

    /// <summary>Number of the client's task, from 0; addresses its draws.</summary>
    public required uint Turn { get; init; }

    /// <summary>The version that it pulled.</summary>
    public required long Version { get; init; }

    /// <summary>That version; shared by all who pulled it, and not changed.</summary>
    public required ModelContent Model { get; init; }

    public required DeviceTask Task { get; init; }

    /// <summary>Simulated second of the pull.</summary>
    public required double Began { get; init; }

    /// <summary>The update; empty before it is trained.</summary>
    public byte[] Payload { get; set; } = [];

    /// <summary>Whether <see cref="Result"/> is there.</summary>
    public bool IsTrained { get; set; }

    public ClientTaskResult Result { get; set; }

    /// <summary>Why a gateway would refuse the update; null when it would not.</summary>
    public UpdateFault? Fault { get; set; }
}
