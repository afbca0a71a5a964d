namespace Federated.Client.Sparse.Training;

/// <summary>Where the numbers of a batch norm are: scale and shift in the packed parameters, mean and variance in the statistics, the count of batches among the counts or -1.</summary>
internal sealed record NormPlaces(int Scale, int Shift, int Mean, int Variance, int Count);
