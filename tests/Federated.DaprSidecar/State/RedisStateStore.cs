using StackExchange.Redis;

namespace Federated.DaprSidecar.State;

/// <summary>State in Redis: a hash a key, with the fields <c>data</c> and <c>version</c>, as Dapr's own component lays it out.</summary>
internal sealed class RedisStateStore(IConnectionMultiplexer redis) : IStateStore
{
    // KEYS[i] has ARGV[4i-3..4i]: "set" or "del", the value, the expected version or "", "1" when the key must not exist.
    private const string ApplyScript = """
        for i = 1, #KEYS do
          local present = redis.call('HGET', KEYS[i], 'version')
          local expected = ARGV[4 * i - 1]
          if expected ~= '' then
            if present ~= expected then return 0 end
          elseif ARGV[4 * i] == '1' and present then
            return 0
          end
        end
        for i = 1, #KEYS do
          if ARGV[4 * i - 3] == 'del' then
            redis.call('DEL', KEYS[i])
          else
            redis.call('HSET', KEYS[i], 'data', ARGV[4 * i - 2])
            redis.call('HSET', KEYS[i], 'version', redis.call('INCR', 'federated:state-version'))
          end
        end
        return 1
        """;

    public async Task<StateEntry?> FindAsync(string key, CancellationToken cancellationToken)
    {
        RedisValue[] fields = await redis.GetDatabase().HashGetAsync(key, ["data", "version"]).WaitAsync(cancellationToken);
        return fields[1].IsNull ? null : new StateEntry((byte[])fields[0]!, (string)fields[1]!);
    }

    public async Task<StateOutcome> ApplyAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [.. changes.Select(change => (RedisKey)change.Key)];
        RedisValue[] arguments = [.. changes.SelectMany(change => new RedisValue[]
        {
            change.Value is null ? "del" : "set",
            change.Value ?? [],
            change.ETag ?? "",
            change is { IsFirstWrite: true, Value: not null } ? "1" : "0",
        })];
        RedisResult applied = await redis.GetDatabase().ScriptEvaluateAsync(ApplyScript, keys, arguments).WaitAsync(cancellationToken);
        return (int)applied == 1 ? StateOutcome.Applied : StateOutcome.Conflict;
    }
}
