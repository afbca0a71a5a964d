using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedNova;

/// <summary>
/// FedNova (Wang et al. 2020): devices send differences that are already divided by their own effective steps a_i, so that who takes more steps does not
/// pull the model to its own optimum; the server multiplies by the mean, <c>x ← x + (Σp_i·a_i)·Σp_i·(y_i − x)/a_i</c>.
/// </summary>
internal sealed class FedNovaServer : ServerHalf
{
    private readonly ImmutableArray<SectionSpec> _sections;

    public FedNovaServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        SectionDenominator weighting = TrainingSections.Weighting(job);
        _sections = [.. TrainingSections.Of(schema, weighting), TrainingSections.Scalars(1, weighting)];
    }

    public override ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public override LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = base.TrainingFor(round, clientIndex, role);
        training.Proximal = FedNovaFactory.Proximal.Of(Job);
        return training;
    }

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta && aggregate.Find(SectionRole.Scalars) is { Wide: [double steps] })
        {
            VectorMath.Scale((float)steps, delta.Single);
            Step(model, delta.Single);
        }

        ReplaceStatistics(aggregate, model);
    }
}
