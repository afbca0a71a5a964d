using Federated.Client.Pruning;
using Federated.Client.Torch.Training;
using Federated.Numerics;
using Federated.Numerics.Compression;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Training;
using TorchSharp;

namespace Federated.UnitTests.Torch;

public class GradientSelectionTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(7, 1)]
    [InlineData(100, 2)]
    [InlineData(1_000, 3)]
    [InlineData(5_000, 4)]
    public void LargestElements_TiesAndZeros_EqualTheHeap(int most, uint stream)
    {
        // Few distinct values, so that there are many ties; a third of them is zero.
        var random = new CounterRandom(9, RandomPurpose.Test, stream);
        float[] vector = [.. Enumerable.Range(0, 2_000).Select(_ => (float)Math.Round(3 * ((2 * random.NextDouble()) - 1)))];
        long[] excluded = [.. Enumerable.Range(0, 2_000).Where(i => i % 7 == 0).Select(i => (long)i)];
        float[] offered = [.. vector.Select((value, i) => i % 7 == 0 ? 0 : value)];
        var heap = new TopKHeap(most);
        heap.Offer(0, offered);
        int[] indices = new int[heap.Count];
        float[] values = new float[heap.Count];
        heap.Drain(indices, values);

        using var scope = torch.NewDisposeScope();
        var found = LargestElements.Of(torch.tensor(vector), torch.tensor(excluded), most)!.Value;

        Assert.Equal(indices.Select(index => (long)index), found.Indices.data<long>().ToArray());
        Assert.Equal(values, found.Values.data<float>().ToArray());
        Assert.True(most >= 1_143 || found.Values.shape[0] == most);
    }

    [Fact]
    public void LargestElements_NotFinite_FindsNothingUnlessItIsExcluded()
    {
        using var scope = torch.NewDisposeScope();
        torch.Tensor vector = torch.tensor([1f, float.NaN, 3f, float.PositiveInfinity]);

        Assert.Null(LargestElements.Of(vector, null, 2));
        Assert.Null(LargestElements.Of(vector, torch.tensor([1L]), 2));
        Assert.Equal([0L, 2L], LargestElements.Of(vector, torch.tensor([1L, 3L]), 2)!.Value.Indices.data<long>().ToArray());
        Assert.Equal(0, LargestElements.Of(torch.zeros(5), null, 2)!.Value.Indices.NumberOfElements);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SelectGradients_SomeLayers_EqualASort(bool includesActive)
    {
        using TorchObjective objective = SmallNetwork.CreateObjective();
        objective.Select(SampleExamples.Create(40, 16, 3), SampleExamples.Range(40));
        ModelContent model = objective.Module.ToContent();
        var random = new CounterRandom(5, RandomPurpose.Test, 1);
        ModelMask mask = ModelMask.Create(model.Schema, 1, [.. PrunableLayer.Of(model.Schema).Select(layer => random.Choose(layer.Count, layer.Count / 2).Order().ToArray())]);
        mask.Apply(model.Parameters);
        var request = new GradientRequest(mask, [new LayerDemand(0, 5), new LayerDemand(1, 9)], includesActive);
        float[] gradient = new float[model.Parameters.Length];
        objective.LossAndGradient(model.Parameters, SampleExamples.Range(16), gradient);
        objective.LoadStatistics(model.Statistics, model.Counts);
        int[] indices = new int[14];
        float[] values = new float[14];

        GradientSelection found = objective.SelectGradients(model.Parameters, SampleExamples.Range(16), request, indices, values);

        Assert.Equal(new GradientSelection(14, true), found);
        int[] expected = [.. Sorted(gradient, mask, 0, 5, includesActive), .. Sorted(gradient, mask, 1, 9, includesActive).Select(index => index + mask.Layers[0].Count)];
        Assert.Equal(expected, indices);
        Assert.Equal(expected.Select(index => gradient[index < mask.Layers[0].Count ? mask.Layers[0].Start + index : mask.Layers[1].Start + index - mask.Layers[0].Count]), values);
        Assert.Equal(model.Statistics, objective.Module.ToContent().Statistics);
        Assert.Equal(model.Counts, objective.Module.ToContent().Counts);
    }

    [Fact]
    public void SelectGradients_DivergedModel_SaysSo()
    {
        using TorchObjective objective = SmallNetwork.CreateObjective();
        objective.Select(SampleExamples.Create(40, 16, 3), SampleExamples.Range(40));
        float[] parameters = new float[objective.ParameterCount];
        parameters.AsSpan().Fill(float.NaN);
        var request = new GradientRequest(ModelMask.Full(objective.Module.Schema, 1), [new LayerDemand(0, 5)], true);

        Assert.Equal(new GradientSelection(0, false), objective.SelectGradients(parameters, SampleExamples.Range(8), request, new int[5], new float[5]));
    }

    private static IEnumerable<int> Sorted(float[] gradient, ModelMask mask, int layer, int count, bool includesActive)
    {
        ReadOnlyMemory<float> elements = gradient.AsMemory(mask.Layers[layer].Start, mask.Layers[layer].Count);
        return Enumerable.Range(0, elements.Length)
            .Where(index => includesActive || !mask.IsActive(layer, index))
            .OrderByDescending(index => Math.Abs(elements.Span[index])).ThenBy(index => index)
            .Take(count).Order();
    }
}
