namespace Federated.Client;

/// <summary>Collects what is wrong with options, so that all of it is told at once.</summary>
internal sealed class OptionErrors
{
    private readonly List<string> _errors = [];

    public IReadOnlyList<string> All => _errors;

    public void Add(string error) => _errors.Add(error);

    public void Range<T>(string name, T value, T smallest, T largest)
        where T : IComparable<T>
    {
        if (value.CompareTo(smallest) < 0 || value.CompareTo(largest) > 0)
        {
            _errors.Add(FormattableString.Invariant($"{name} is {value}; it must lie between {smallest} and {largest}."));
        }
    }
}
