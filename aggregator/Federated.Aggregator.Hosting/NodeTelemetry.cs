using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Federated.Aggregator.Hosting;

/// <summary>Metrics of a host through OpenTelemetry, for Prometheus to fetch. docs/tier.md lists them.</summary>
public static class NodeTelemetry
{
    /// <summary>Path of the Prometheus endpoint.</summary>
    public const string Path = "/metrics";

    // Seconds; a batch of small models takes a tenth of a millisecond, a merge of very large ones some seconds.
    private static readonly double[] AggregationBounds = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

    /// <summary>Collects the meters of this platform, of gRPC calls and of the runtime.</summary>
    public static IServiceCollection AddNodeTelemetry(this IServiceCollection services)
    {
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter("Federated.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddView("federated.node.aggregation.duration", new ExplicitBucketHistogramConfiguration { Boundaries = AggregationBounds })
            .AddPrometheusExporter());
        return services;
    }

    /// <summary>Maps the Prometheus endpoint. It shows figures, no names of devices or jobs; whoever may connect may read it.</summary>
    public static IEndpointConventionBuilder MapNodeTelemetry(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapPrometheusScrapingEndpoint(Path);
}
