using Federated.Server.Administration;
using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Rest;

/// <summary>The REST interface for administrators.</summary>
internal static class RestApi
{
    public const string Prefix = "/api/v1";

    public static readonly AuthorizationPolicy Policy =
        new AuthorizationPolicyBuilder(AdministratorKeyHandler.AuthenticationScheme).RequireAuthenticatedUser().Build();

    public static void MapRestApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup(Prefix).RequireAuthorization(Policy).ProducesProblem(StatusCodes.Status401Unauthorized);
        DevicesApi.Map(api.MapGroup("/devices").WithTags("Devices"));
        EnrolmentTokensApi.Map(api.MapGroup("/enrolment-tokens").WithTags("Enrolment tokens"));
        JobsApi.Map(api.MapGroup("/jobs").WithTags("Jobs"));
        RoundsApi.Map(api.MapGroup("/jobs/{jobId}").WithTags("Rounds"));
        ArrivalsApi.Map(api.MapGroup("/jobs/{jobId}").WithTags("Rounds"));
        TreeApi.Map(api.MapGroup("/jobs/{jobId}").WithTags("Rounds"));
        TrustApi.Map(api.MapGroup("/jobs/{jobId}").WithTags("Trust"));
        VersionsApi.Map(api.MapGroup("/jobs/{jobId}/versions").WithTags("Model versions"));
        StatisticsApi.Map(api.MapGroup("/jobs/{jobId}/statistics").WithTags("Statistics"));
        ModelsApi.Map(api.MapGroup("/models").WithTags("Models"));
        AuditApi.Map(api.MapGroup("/audit").WithTags("Audit"));
    }
}
