#!/usr/bin/env bash
# Starts a server with a distributed tier of N nodes on this machine, and their sidecars; Ctrl-C stops everything in order.
#
#   deploy/dev/tier.sh [N]         N nodes, 3 by default
#
# TIER_DATA=FOLDER keeps the data elsewhere than ./data/tier; TIER_REDIS=HOST:PORT puts events and state on a Redis. Where daprd is on the PATH it is
# used, with deploy/dapr/development.yaml and the Redis that it names; otherwise the development sidecar of this repository.
# The server listens as usual on http://localhost:5080 (REST) and http://localhost:5081 (devices).
set -euo pipefail
cd "$(dirname "$0")/../.."
nodes="${1:-3}"
case "$nodes" in -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0;; ''|*[!0-9]*) echo "tier.sh: '$nodes' is not a number of nodes" >&2; exit 2;; esac
data="$(realpath -m "${TIER_DATA:-data/tier}")"
mkdir -p "$data"
[ -s "$data/tier.key" ] || (umask 077; head -c 24 /dev/urandom | base64 > "$data/tier.key")
key="$(cat "$data/tier.key")"
configuration="${CONFIGURATION:-Release}"
out() { echo "$1/bin/$configuration/net10.0/$(basename "$1").dll"; } # out PROJECT: the program that its build makes

for project in server/Federated.Server aggregator/Federated.AggregatorHost tests/Federated.DaprSidecar; do
    dotnet build "$project" -c "$configuration" -v q --nologo > "$data/build.log" 2>&1 || { cat "$data/build.log" >&2; exit 1; }
done

pids=()
stop() {
    trap - INT TERM EXIT
    # The processes first, so that nodes can say that they leave; the sidecars last.
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2> /dev/null || true
        wait "${pids[i]}" 2> /dev/null || true
    done
}
trap stop EXIT
trap 'exit 130' INT TERM

start() { # start NAME COMMAND...: in the background, its log into a file; out of reach of Ctrl-C, because stop() keeps an order
    local name="$1"; shift
    setsid "$@" > "$data/$name.log" 2>&1 &
    pids+=($!)
}

await() { # await NAME PATTERN: until its log has a line that begins so
    until grep -q "^$2" "$data/$1.log" 2> /dev/null; do
        kill -0 "${pids[-1]}" 2> /dev/null || { cat "$data/$1.log" >&2; exit 1; }
        sleep 0.1
    done
}

if command -v daprd > /dev/null; then
    sidecar() { # sidecar APP-ID APP-PORT HTTP-PORT GRPC-PORT
        start "sidecar-$1" daprd --app-id "$1" --app-port "$2" --dapr-http-port "$3" --dapr-grpc-port "$4" \
            --dapr-internal-grpc-port "$(($4 + 1000))" --metrics-port "$(($3 + 1000))" --resources-path deploy/dapr/development.yaml
    }
    sidecar coordinator 5080 3600 50600
    for ((n = 1; n <= nodes; n++)); do sidecar "node-$n" $((5200 + n * 10)) $((3600 + n)) $((50600 + n)); done
else
    apps=(--app "coordinator,app=http://127.0.0.1:5080,http=3600,grpc=50600")
    for ((n = 1; n <= nodes; n++)); do
        apps+=(--app "node-$n,app=http://127.0.0.1:$((5200 + n * 10)),http=$((3600 + n)),grpc=$((50600 + n))")
    done
    start sidecar dotnet "$(out tests/Federated.DaprSidecar)" "${apps[@]}" ${TIER_REDIS:+--redis "$TIER_REDIS"}
    await sidecar "Sidecar of coordinator"
fi

start server dotnet "$(out server/Federated.Server)" --environment=Development --Data:Directory="$data/server" --Tier:Mode=Distributed \
    --Tier:Key="$key" --Dapr:HttpEndpoint=http://127.0.0.1:3600 --Dapr:GrpcEndpoint=http://127.0.0.1:50600
await server "Listening"
for ((n = 1; n <= nodes; n++)); do
    start "node-$n" dotnet "$(out aggregator/Federated.AggregatorHost)" --Aggregator:NodeId="node-$n" --Aggregator:Directory="$data/node-$n" \
        --Aggregator:SlotCount=4 \
        --Trust:Directory="$data/server/keys" --Tier:Key="$key" \
        --Endpoints:Control=http://127.0.0.1:$((5200 + n * 10)) --Endpoints:Devices=http://127.0.0.1:$((5201 + n * 10)) \
        --Endpoints:Transfer=http://127.0.0.1:$((5202 + n * 10)) \
        --Dapr:HttpEndpoint=http://127.0.0.1:$((3600 + n)) --Dapr:GrpcEndpoint=http://127.0.0.1:$((50600 + n))
    await "node-$n" "Listening"
done

grep -h -E "^(Enrolment token|Listening)" "$data/server.log"
echo "$nodes nodes; logs in $data; Ctrl-C stops everything."
wait -n "${pids[@]}" || true
echo "A process has ended; its log is in $data." >&2
exit 1
