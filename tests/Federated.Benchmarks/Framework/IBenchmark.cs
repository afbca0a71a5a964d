namespace Federated.Benchmarks.Framework;

/// <summary>One benchmark of the list in Program.cs.</summary>
internal interface IBenchmark
{
    /// <summary>The word on the command line.</summary>
    string Name { get; }

    /// <summary>One line for the list: what is measured against what.</summary>
    string Summary { get; }

    /// <summary>Measures, and adds figures to the context.</summary>
    Task RunAsync(BenchmarkContext context);
}
