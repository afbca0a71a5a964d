namespace Federated.FunctionalTests;

/// <summary>Waits for what another process, or a server behind a connection, tells only when it is asked.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task UntilAsync(Func<Task<bool>> isSo, CancellationToken cancellationToken)
    {
        while (!await isSo())
        {
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    public static async Task<T> ForAsync<T>(Func<Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
