using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Compression;
using Federated.Coordination.Exchange;
using Federated.Coordination.Pruning;
using Federated.Coordination.Selection;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.Pruning;
using Federated.Storage.Blobs;

namespace Federated.Coordination.Jobs;

/// <summary>Examines a definition and its model before there is a job: whatever of them this server cannot do is told at once.</summary>
internal sealed class JobAdmission(CoordinatorServices services)
{
    /// <summary>Everything that is wrong, or the model to begin with.</summary>
    /// <param name="definition">What is asked for.</param>
    /// <param name="blobId">The initial model in the model store, SHA-256 in hexadecimal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model is null exactly when there are errors.</returns>
    public async Task<(InitialModel? Model, IReadOnlyList<JobDefinitionError> Errors)> ExamineAsync(
        JobDefinition definition, string blobId, CancellationToken cancellationToken)
    {
        var errors = JobDefinitionValidator.Validate(definition).ToList();
        if (errors.Count == 0)
        {
            errors.AddRange(AnarchicAlgorithms.BuiltIn.Has(definition.Algorithm.Name)
                ? AnarchicAlgorithms.BuiltIn.Validate(definition)
                : services.Algorithms.Validate(definition));
            errors.AddRange(AggregationRules.Validate(definition));
            errors.AddRange(Selections.Validate(definition));
        }

        (ModelContent? model, long byteLength) = await ReadModelAsync(blobId, errors, cancellationToken);
        if (model is not null)
        {
            errors.AddRange(StatisticsServer.Validate(definition, model.Schema));
            errors.AddRange(errors.Count == 0 ? CompressionNotes.Validate(definition, model.Schema) : []);
            errors.AddRange(errors.Count == 0 ? PruningCheck.Validate(definition, model) : []);
        }

        if (errors.Count == 0 && AnarchicAlgorithms.BuiltIn.Has(definition.Algorithm.Name))
        {
            errors.AddRange(AnarchicAlgorithms.BuiltIn.Validate(definition, model!.Schema));
        }
        else if (errors.Count == 0 && definition.Algorithm.Name == OneByteRun.Algorithm)
        {
            errors.AddRange(ExchangeCheck.Validate(definition, model!));
        }
        else if (errors.Count == 0)
        {
            errors.AddRange(ValidateInRounds(definition, model!.Schema));
        }

        if (errors.Count > 0)
        {
            return (null, errors);
        }

        try
        {
            if (PruningMethods.Create(definition.Pruning, model!.Schema, definition.Seed) is { } method && model.Mask is null
                && method.Candidates(model.Parameters) is [var only])
            {
                (blobId, byteLength) = await MaskAsync(model, only, cancellationToken);
            }
        }
        catch (ArgumentException exception)
        {
            // The weights of the model are not what the method begins with.
            return (null, [new JobDefinitionError("pruning.method", exception.Message)]);
        }

        return (new InitialModel(blobId, byteLength, model.Schema.HashText), []);
    }

    private IEnumerable<JobDefinitionError> ValidateInRounds(JobDefinition definition, ModelSchema schema)
    {
        IReadOnlyList<JobDefinitionError> errors = services.Algorithms.Validate(definition, schema);
        return errors.Count > 0 || services.Tier.HandsOverBesideTheMean || services.Algorithms.Create(definition, schema).KeptSections.IsEmpty
            ? errors
            : [new JobDefinitionError("algorithm", $"'{definition.Algorithm.Name}' needs single updates with these parameters, and the nodes of a distributed tier give sums only. Run the job on a server with Tier:Mode=Embedded, or let the devices keep what the server would.")];
    }

    private async Task<(ModelContent? Model, long ByteLength)> ReadModelAsync(
        string blobId, List<JobDefinitionError> errors, CancellationToken cancellationToken)
    {
        const string Path = "model";
        if (!BlobId.TryParse(blobId, out BlobId id))
        {
            errors.Add(new JobDefinitionError(Path, $"'{blobId}' is not the SHA-256 of a model (64 hexadecimal digits)."));
            return default;
        }

        try
        {
            if (await services.Blobs.ReadAsync(id, cancellationToken) is not { } file)
            {
                errors.Add(new JobDefinitionError(Path, $"Model {blobId} is not in the model store; upload it first."));
                return default;
            }

            return (ModelFile.Read(file), file.Length);
        }
        catch (InvalidDataException exception)
        {
            errors.Add(new JobDefinitionError(Path, $"Model {blobId} cannot be read: {exception.Message}"));
            return default;
        }
    }

    /// <summary>Puts the initial model under the only mask that it may begin with, and stores it so; of several, devices choose.</summary>
    private async Task<(string BlobId, long ByteLength)> MaskAsync(ModelContent model, ModelMask mask, CancellationToken cancellationToken)
    {
        model.Use(mask);
        byte[] file = ModelFile.Write(model);
        return ((await services.Blobs.PutAsync(file, cancellationToken)).ToString(), file.Length);
    }
}
