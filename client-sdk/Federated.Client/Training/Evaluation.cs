namespace Federated.Client.Training;

/// <summary>Sums over the examples that a model was evaluated on. Evaluations of disjoint sets add up.</summary>
/// <param name="LossSum">Sum of the losses in nats.</param>
/// <param name="Correct">Predictions that were right.</param>
/// <param name="Count">Predictions made: one for each example, or one for each position of a text.</param>
public readonly record struct Evaluation(double LossSum, long Correct, long Count)
{
    /// <summary>Mean loss; NaN when nothing was evaluated.</summary>
    public double MeanLoss => LossSum / Count;

    /// <summary>Share of right predictions, 0 to 1; NaN when nothing was evaluated.</summary>
    public double Accuracy => (double)Correct / Count;

    /// <summary>The evaluation of both sets together.</summary>
    /// <param name="left">One evaluation.</param>
    /// <param name="right">Another, of other examples.</param>
    public static Evaluation operator +(Evaluation left, Evaluation right) => Add(left, right);

    /// <summary>The evaluation of both sets together.</summary>
    /// <param name="left">One evaluation.</param>
    /// <param name="right">Another, of other examples.</param>
    public static Evaluation Add(Evaluation left, Evaluation right) =>
        new(left.LossSum + right.LossSum, left.Correct + right.Correct, left.Count + right.Count);
}
