using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Protocol.Models;

namespace Federated.Client.Sessions;

/// <summary>The solver and the evaluation objective for the current schema; replaced when a task comes with another.</summary>
internal sealed class SolverCache(LocalWork work) : IDisposable
{
    private string _schema = "";
    private ILocalSolver? _solver;
    private ILocalSolver? _evaluation;
    private IObjective? _exchange;

    public ILocalSolver SolverFor(ModelSchema schema)
    {
        Use(schema);
        return _solver ??= Checked(work.CreateSolver(schema), schema);
    }

    /// <summary>The solver whose objective evaluations use.</summary>
    public ILocalSolver EvaluationFor(ModelSchema schema)
    {
        Use(schema);
        return work.CreateEvaluation is null ? SolverFor(schema) : _evaluation ??= Checked(Over(work.CreateEvaluation(schema)), schema);
    }

    /// <summary>The objective whose losses an exchange measures; without one of its own, the solver's.</summary>
    public IObjective ExchangeFor(ModelSchema schema)
    {
        Use(schema);
        return work.CreateExchange is null
            ? SolverFor(schema).Objective
            : _exchange ??= Checked(new SgdSolver(work.CreateExchange(schema)), schema).Objective;
    }

    public void Dispose()
    {
        (_exchange as IDisposable)?.Dispose();
        _exchange = null;
        (_solver as IDisposable)?.Dispose();
        (_evaluation?.Objective as IDisposable)?.Dispose();
        _solver = null;
        _evaluation = null;
    }

    private void Use(ModelSchema schema)
    {
        if (_schema != schema.HashText)
        {
            Dispose();
            _schema = schema.HashText;
        }
    }

    /// <summary>An objective over active weights is told of masks by its own solver.</summary>
    private static ILocalSolver Over(IObjective objective) => objective is MaskedSparseObjective sparse ? new SparseSolver(sparse) : new SgdSolver(objective);

    private static ILocalSolver Checked(ILocalSolver solver, ModelSchema schema)
    {
        IObjective objective = solver.Objective;
        return objective.ParameterCount == schema.ParameterCount
            && objective.StatisticCount == schema.StatisticCount
            && objective.CountCount == schema.CountCount
            ? solver
            : throw new InvalidOperationException(
                $"The application's model has {objective.ParameterCount} parameters, {objective.StatisticCount} statistics and {objective.CountCount} counts; "
                + $"the server's has {schema.ParameterCount}, {schema.StatisticCount} and {schema.CountCount}.");
    }
}
