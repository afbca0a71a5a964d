using System.Security.Claims;
using Federated.Protocol.Models;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Rest.Contracts;
using Federated.Storage.Blobs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Initial models.</summary>
internal static class ModelsApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapPost("/", UploadAsync)
            .WithSummary("Uploads an initial model: a safetensors file as the body, best with its schema in the metadata entry federated.schema.")
            .Accepts<byte[]>("application/octet-stream")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<Results<Created<StoredModelView>, ProblemHttpResult>> UploadAsync(
        HttpContext http, ClaimsPrincipal actor, IBlobStore blobs, AuditLog audit, IOptions<AdministrationOptions> options,
        CancellationToken cancellationToken)
    {
        // The server itself counts the bytes and ends the request with 413.
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = options.Value.MaximumModelBytes;
        var blobId = await blobs.PutAsync(http.Request.Body, cancellationToken);
        var file = await blobs.ReadAsync(blobId, cancellationToken)
            ?? throw new InvalidOperationException($"The blob {blobId} vanished from the model store.");
        try
        {
            var schema = ModelFile.Read(file).Schema;
            await audit.RecordAsync(actor, "model.upload", blobId.ToString(), schema.Architecture, cancellationToken);
            return TypedResults.Created((string?)null, new StoredModelView(
                blobId.ToString(), file.Length, schema.HashText, schema.Architecture, schema.Tensors.Length,
                schema.ParameterCount, schema.StatisticCount, schema.CountCount));
        }
        catch (InvalidDataException exception)
        {
            // No job can refer to a file that is not a model.
            await blobs.DeleteAsync(blobId, cancellationToken);
            return Problems.Unprocessable($"The body is not a usable model: {exception.Message}");
        }
    }
}
