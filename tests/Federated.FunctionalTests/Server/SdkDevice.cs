using System.Collections.Concurrent;
using Federated.Client;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;

namespace Federated.FunctionalTests.Server;

/// <summary>A device on the SDK, in this process, that remembers what it was told.</summary>
internal sealed class SdkDevice
{
    private readonly FederatedDevice _device;
    private readonly ILocalSolver _solver;

    public SdkDevice(
        string grpcAddress,
        string enrolmentToken,
        string? jobId,
        string folder,
        ILocalSolver solver,
        string? trusted = null,
        IParticipationPolicy? participation = null,
        IDeviceConditions? conditions = null)
    {
        var options = new FederatedClientOptions
        {
            Server = new Uri(grpcAddress),
            EnrolmentToken = enrolmentToken,
            DataFolder = folder,
            TrustedCertificatesFile = trusted,
        };
        if (jobId is not null)
        {
            options.JobIds.Add(jobId);
        }

        options.Retry.BaseDelay = TimeSpan.FromMilliseconds(50);
        options.Retry.MaxDelay = TimeSpan.FromMilliseconds(500);
        options.Retry.CircuitFailures = 1000;
        _device = new FederatedDevice(options, participation: participation, conditions: conditions);
        _device.Happened += (_, happened) =>
        {
            Events.Enqueue(happened);
            if (happened.Kind == DeviceEventKind.Ready)
            {
                DeviceId = happened.Text.Split(' ')[^1].TrimEnd('.');
            }

            Happened?.Invoke(happened);
        };
        _solver = solver;
    }

    public event Action<DeviceEvent>? Happened;

    /// <summary>Known from the first event on.</summary>
    public string DeviceId { get; private set; } = "";

    public ConcurrentQueue<DeviceEvent> Events { get; } = new();

    public Task<SessionSummary> RunAsync(CancellationToken cancellationToken)
    {
        return Task.Run(() => _device.RunAsync(_solver, cancellationToken), cancellationToken);
    }
}
