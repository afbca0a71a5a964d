using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class MaskedStepTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_StepToTheNextVersion_MakesItsFile(bool maskChanges)
    {
        ModelContent first = Model(1, 1, epoch: 3);
        ModelContent next = new(PruningModels.Deep, PruningModels.Gaussian(PruningModels.Deep.ParameterCount, 2));
        next.Use(maskChanges ? PruningModels.Mask(PruningModels.Deep, 0.05, 2, epoch: 4) : first.Mask!);

        byte[] step = MaskedStep.Write(first.Mask!, next);
        MaskedStep.Apply(step, first);

        Assert.Equal(ModelFile.Write(next), ModelFile.Write(first));
        Assert.True(maskChanges || step.Length < ModelFile.SizeOf(next) - next.Mask!.ByteLength, $"{step.Length} of {ModelFile.SizeOf(next)}");
    }

    [Fact]
    public void Apply_FromAnotherMask_IsRefusedAndChangesNothing()
    {
        ModelContent first = Model(1, 1, epoch: 3), other = Model(2, 2, epoch: 3), next = Model(3, 3, epoch: 4);
        byte[] before = ModelFile.Write(other);

        Assert.Throws<InvalidDataException>(() => MaskedStep.Apply(MaskedStep.Write(first.Mask!, next), other));

        Assert.Equal(before, ModelFile.Write(other));
    }

    [Fact]
    public void Apply_BytesTurned_MakesAModelOrRefuses()
    {
        ModelContent next = Model(3, 3, epoch: 4);
        byte[] good = MaskedStep.Write(Model(1, 1, epoch: 3).Mask!, next);
        var random = new CounterRandom(6, RandomPurpose.Test);
        int refused = 0;
        for (int attempt = 0; attempt < 500; attempt++)
        {
            byte[] bad = good[..(random.NextInt(4) == 0 ? random.NextInt(good.Length) : good.Length)];
            for (int turned = random.NextInt(3); turned >= 0 && bad.Length > 0; turned--)
            {
                bad[random.NextInt(Math.Min(200, bad.Length))] = (byte)random.NextUInt32();
            }

            try
            {
                MaskedStep.Apply(bad, Model(1, 1, epoch: 3));
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 200, 500);
    }

    private static ModelContent Model(uint values, uint mask, long epoch)
    {
        var model = new ModelContent(PruningModels.Deep, PruningModels.Gaussian(PruningModels.Deep.ParameterCount, values));
        model.Use(PruningModels.Mask(PruningModels.Deep, 0.05, mask, epoch));
        return model;
    }
}
