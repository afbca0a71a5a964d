using Federated.Server.Rest.Contracts;
using Federated.Server.Tier;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Federated.Server.Rest;

/// <summary>The nodes of a distributed tier.</summary>
internal static class NodesApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", List).WithSummary("Lists the nodes that the server has heard of, by id.").ProducesProblem(StatusCodes.Status401Unauthorized);
    }

    private static Ok<List<NodeView>> List(NodeDirectory nodes)
    {
        return TypedResults.Ok(nodes.All().Select(known => NodeView.Of(known.Node, known.Silence)).ToList());
    }
}
