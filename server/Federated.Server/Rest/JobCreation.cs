using Federated.Coordination.Jobs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Server.Administration;
using Federated.Storage.Blobs;

namespace Federated.Server.Rest;

/// <summary>Creates jobs; a linear model that names its size starts from zeros and needs no upload.</summary>
internal sealed class JobCreation(JobDirectory jobs, IBlobStore blobs)
{
    public async Task<CreateJobResult> CreateAsync(JobDefinition definition, string? initialModel, CancellationToken cancellationToken)
    {
        if (initialModel is null && definition.Linear is { } linear)
        {
            var errors = JobDefinitionValidator.Validate(definition);
            if (errors.Count > 0)
            {
                return new CreateJobResult(null, [.. errors]);
            }

            var zeros = ModelContent.Zeros(LinearModel.CreateSchema(linear.Features, linear.Outputs));
            initialModel = (await blobs.PutAsync(ModelFile.Write(zeros), cancellationToken)).ToString();
        }

        return initialModel is null
            ? new CreateJobResult(null, [.. JobDefinitionValidator.Validate(definition), new JobDefinitionError(
                "initialModel", "is missing: upload a model and name its blob id, or give the size of a linear model in 'linear'.")])
            : await jobs.CreateAsync(Tenants.Default, definition, initialModel, cancellationToken);
    }
}
