using Federated.Client.Sessions;

namespace Federated.FunctionalTests.Server;

/// <summary>Sees the moments of a list, one after another, in what a group of devices tells.</summary>
internal sealed class MomentWatch
{
    private readonly Moment[] _moments;
    private int _next;

    public MomentWatch(IEnumerable<SdkDevice> devices, IEnumerable<(DeviceEventKind Kind, int Round)> moments)
    {
        _moments = [.. moments.Select(moment => new Moment(moment.Kind, moment.Round))];
        foreach (var device in devices)
        {
            device.Happened += See;
        }
    }

    public IReadOnlyList<Moment> All => _moments;

    private void See(DeviceEvent happened)
    {
        lock (_moments)
        {
            if (_next < _moments.Length && _moments[_next].Kind == happened.Kind && happened.Round >= _moments[_next].Round)
            {
                _moments[_next++].Reach();
            }
        }
    }

    /// <summary>Something that a device tells in a round, or in a later one.</summary>
    internal sealed record Moment(DeviceEventKind Kind, int Round)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Reach()
        {
            _reached.TrySetResult();
        }
    }
}
