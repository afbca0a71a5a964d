using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Federated.Client.Calls;
using Federated.Client.Identity;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Storage;
using Federated.Client.Training;
using Federated.Client.Transfer;
using Federated.Numerics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.Client;

/// <summary>
/// A device of the federation: enrols once, then takes tasks, works on local data and uploads updates until its jobs end.
/// The data never leave the device.
/// </summary>
public sealed class FederatedDevice
{
    private readonly FederatedClientOptions _options;
    private readonly IDeviceIdentityStore _identityStore;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _timeProvider;
    private readonly CounterRandom _random;
    private readonly IParticipationPolicy _participation;
    private readonly IDeviceConditions _conditions;
    private readonly Lock _raising = new();
    private int _running;

    /// <summary>A device with the given settings. Nothing is done before <see cref="RunAsync(LocalWork, CancellationToken)"/>.</summary>
    /// <param name="options">The settings; not to be changed while the device runs.</param>
    /// <param name="identityStore">Keeps the device's key; default: files in <see cref="FederatedClientOptions.DataFolder"/>.</param>
    /// <param name="loggerFactory">Receives the log; default: no log.</param>
    /// <param name="timeProvider">Measures and waits; default: the system's time.</param>
    /// <param name="random">Spreads delays; default: seeded by the operating system.</param>
    /// <param name="participation">Decides when the device takes part and with how many steps; default: always, with all that a task asks for.</param>
    /// <param name="conditions">What the policy is told of the device; default: nothing is known.</param>
    /// <exception cref="FederatedClientException">With <see cref="FederatedClientReason.InvalidOptions"/>; the message lists every error.</exception>
    public FederatedDevice(
        FederatedClientOptions options,
        IDeviceIdentityStore? identityStore = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null,
        CounterRandom? random = null,
        IParticipationPolicy? participation = null,
        IDeviceConditions? conditions = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _identityStore = identityStore ?? new FileDeviceIdentityStore(Path.Combine(options.DataFolder, "identity"));
        _loggers = loggerFactory ?? NullLoggerFactory.Instance;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _random = random ?? SeededBySystem();
        _participation = participation ?? new AlwaysPolicy();
        _conditions = conditions ?? UnknownDeviceConditions.Instance;
    }

    /// <summary>What happens, in order, one event at a time, on threads of the SDK: hand over to the display's thread, and return soon.</summary>
    public event EventHandler<DeviceEvent>? Happened;

    /// <summary>Takes tasks with one solver, until every job that the device works for has ended.</summary>
    /// <param name="solver">Holds the local examples; fits the job's model.</param>
    /// <param name="cancellationToken">Stops the device; the server is told when a task is under way.</param>
    /// <returns>What the run did.</returns>
    /// <inheritdoc cref="RunAsync(LocalWork, CancellationToken)" path="/exception" />
    public Task<SessionSummary> RunAsync(ILocalSolver solver, CancellationToken cancellationToken = default) =>
        RunAsync(LocalWork.With(solver), cancellationToken);

    /// <summary>Takes tasks until every job that the device works for has ended.</summary>
    /// <param name="work">The local data behind solvers, and the algorithms.</param>
    /// <param name="cancellationToken">Stops the device; the server is told when a task is under way.</param>
    /// <returns>What the run did.</returns>
    /// <exception cref="FederatedClientException">Something that the SDK cannot mend; see its reason.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The device runs already.</exception>
    public async Task<SessionSummary> RunAsync(LocalWork work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            throw new InvalidOperationException("The device runs already; make another one with a data folder of its own.");
        }

        try
        {
            using FolderLock folder = FolderLock.Take(_options.DataFolder);
            return await RunLockedAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FederatedClientException(
                FederatedClientReason.StorageUnusable, $"The data folder '{_options.DataFolder}' cannot be used: {e.Message}", e);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private static CounterRandom SeededBySystem() =>
        new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), RandomPurpose.Pacing, 0, 0, 0);

    private async Task<SessionSummary> RunLockedAsync(LocalWork work, CancellationToken cancellationToken)
    {
        ILogger logger = _loggers.CreateLogger("Federated.Client");
        var events = new DeviceEvents(Raise);
        var gate = new ParticipationGate(_participation, _conditions, events, _timeProvider, logger);
        var jitter = new Jitter(_random);
        var pipelines = new RetryPipelines(_options.Retry, _timeProvider, jitter);
        var runner = new CallRunner(_options.Retry, pipelines, _timeProvider, new CallObserver(logger, events.Retrying));
        using var channels = new ChannelPool(_options.Server!, Trusted());
        using var authenticator = new DeviceAuthenticator(_options, channels, runner, _identityStore, _timeProvider, logger);
        var calls = new AuthorizedCalls(runner, authenticator);

        DeviceIdentity identity = await authenticator.EnsureEnrolledAsync(cancellationToken).ConfigureAwait(false);
        events.Ready(identity.DeviceId);

        BlobCache? cache = _options.ModelCacheBytes > 0 ? new BlobCache(Folder("models"), _options.ModelCacheBytes, _timeProvider) : null;
        var states = new ClientStates(Folder("state"));
        using var pending = new PendingUpdates(Folder("pending"), _options.KeepPendingOnDisk, logger);
        var downloader = new ModelDownloader(
            channels,
            calls,
            cache,
            _options.StallTimeout,
            (bytes, done, total) =>
            {
                gate.Received(bytes);
                events.Downloading(done, total);
            },
            logger);
        using var inputs = new TaskInputs(downloader, new ModelSteps(downloader, logger));
        var coordinator = new CoordinatorCalls(channels, calls, _options.CallTimeout);
        using var tasks = new TaskRunner(work, () => authenticator.Identity, inputs, states, gate, _timeProvider, events, _options.Compression);
        var failures = new FailureReports(coordinator, _timeProvider, logger);
        var uploader = new UpdateUploader(
            channels,
            calls,
            _options.UploadChunkBytes,
            _options.StallTimeout,
            (update, bytes, sent) =>
            {
                gate.Sent(bytes);
                events.Uploading(update.Ticket, sent, update.Payload.Length);
            });
        var delivery = new UpdateDelivery(
            coordinator, uploader, pending, states, gate, failures, events, _options.Retry.BaseDelay, _timeProvider, logger);
        var exchange = new ExchangeSession(coordinator, inputs, downloader, gate, events, _options.CheckInWait, _timeProvider);
        var session = new DeviceSession(
            _options, coordinator, pending, delivery, failures, tasks, gate, exchange, events, jitter, _timeProvider, logger);
        return await session.RunAsync(work, cancellationToken).ConfigureAwait(false);
    }

    private X509Certificate2Collection? Trusted()
    {
        if (_options.TrustedCertificatesFile is not { } file)
        {
            return null;
        }

        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates;
        }
        catch (CryptographicException e)
        {
            throw new FederatedClientException(
                FederatedClientReason.InvalidOptions, $"TrustedCertificatesFile '{file}' has no certificate that can be read: {e.Message}", e);
        }
    }

    private string Folder(string name) => Path.Combine(_options.DataFolder, name);

    private void Raise(DeviceEvent what)
    {
        if (Happened is { } handlers)
        {
            lock (_raising)
            {
                handlers(this, what);
            }
        }
    }
}
