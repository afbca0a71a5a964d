namespace Federated.Samples.LanguageModel;

/// <summary>Disposes of several things at once.</summary>
internal sealed class Owned(IEnumerable<IDisposable> things) : IDisposable
{
    public void Dispose()
    {
        foreach (IDisposable thing in things)
        {
            thing.Dispose();
        }
    }
}
