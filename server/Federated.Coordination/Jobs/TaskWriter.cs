using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>Writes the task that a device receives, with its signed ticket. The same assignment may be written again after a restart.</summary>
internal sealed class TaskWriter
{
    private readonly JobDefinition _job;
    private readonly TicketSigner _signer;
    private readonly CoordinationOptions _options;

    public TaskWriter(JobDefinition job, TicketSigner signer, CoordinationOptions options)
    {
        _job = job;
        _signer = signer;
        _options = options;
    }

    public TaskAssignment Write(
        RoundKey round,
        Assignment assignment,
        CurrentModel model,
        IServerAlgorithm algorithm,
        IReadOnlyList<SectionReference> downSections,
        int stateEpoch,
        long writerEpoch,
        DateTimeOffset deadline,
        DateTimeOffset now)
    {
        ImmutableArray<SectionSpec> sections = RoundPlans.SectionsOf(round.Kind, algorithm, assignment.Role);
        ModelReference reference = model.Reference();
        bool trains = round.Kind == TaskKind.Train;
        var ticket = new UpdateTicket
        {
            Version = TicketVerifier.SupportedVersion,
            TenantId = round.TenantId,
            JobId = round.JobId,
            Round = (uint)round.Round,
            Kind = round.Kind,
            AssignmentId = assignment.Id,
            DeviceId = assignment.DeviceId,
            BaseModelVersion = (uint)model.Record.Version,
            SchemaHash = reference.SchemaHash,
            StateEpoch = (uint)stateEpoch,
            MaxNorm = trains && !algorithm.TakesSums ? _job.Bounds.MaxNorm : 0,
            MaxWeight = _job.Bounds.MaxWeight,
            MaxSteps = trains ? (uint)_job.Bounds.MaxSteps : 0,
            MaxBytes = (ulong)RoundPlans.BytesOf(sections),
            Gateway = assignment.Gateway.Length > 0 ? assignment.Gateway : _options.GatewayAddress,
            IssuedAtMs = now.ToUnixTimeMilliseconds(),
            ExpiresAtMs = (deadline + _options.TicketGrace).ToUnixTimeMilliseconds(),
            WriterEpoch = (ulong)writerEpoch,
            Durability = _job.Aggregation.Durability,
            Role = assignment.Role,
        };
        ticket.Sections.AddRange(sections);
        var task = new TaskAssignment
        {
            AssignmentId = assignment.Id,
            JobId = round.JobId,
            Round = (uint)round.Round,
            Kind = round.Kind,
            Role = assignment.Role,
            Model = reference,
            Training = algorithm.TrainingFor(round, assignment.ClientIndex, assignment.Role),
            Ticket = _signer.Sign(ticket),
            TicketContent = ticket,
            StateEpoch = (uint)stateEpoch,
        };
        task.DownSections.AddRange(downSections);
        return task;
    }
}
