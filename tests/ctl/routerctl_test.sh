#!/usr/bin/env bash
# usage: routerctl_test.sh ROUTERCTL ROUTERD CONFIG
# The program as people run it: exit statuses, and a desk that comes back after `kill -9` of the router.
set -euo pipefail
routerctl=$1 routerd=$2 config=$3
unset ROUTERD_ADDRESS ROUTERD_TOKEN
dir=$(mktemp -d)
routerd_pid= desk_pid= watch_pid=
finish() {
  kill -9 $routerd_pid $desk_pid $watch_pid 2>/dev/null || true
  rm -rf "$dir"
}
trap finish EXIT

fail() {
  echo "FAILED: $*"
  tail -n 50 "$dir"/*.log "$dir"/*.out 2>/dev/null || true
  exit 1
}

# expect STATUS PATTERN COMMAND...: ends so, and prints a line with PATTERN.
expect() {
  local want=$1 pattern=$2 status=0
  shift 2
  "$@" > "$dir/said" 2>&1 < /dev/null || status=$?
  [ $status = "$want" ] || fail "$* ended with $status, not $want: $(cat "$dir/said")"
  grep -q -e "$pattern" "$dir/said" || fail "$* did not say '$pattern' but: $(cat "$dir/said")"
}

# await FILE COUNT PATTERN: until so many lines of FILE match.
await() {
  local i
  for ((i = 0; i < 600; i++)); do
    [ "$(grep -c -e "$3" "$dir/$1" || true)" -ge "$2" ] && return
    sleep 0.05
  done
  fail "$1 never said '$3' $2 times"
}

start_routerd() {
  "$routerd" --config "$config" --data "$dir/data" --grpc-address "$1" --http-address 127.0.0.1:0 \
    >> "$dir/routerd.out" 2>> "$dir/routerd.log" &
  routerd_pid=$!
}

expect 0 '^routerctl [0-9]' "$routerctl" version
expect 0 '^{"version":' "$routerctl" --json version
expect 0 'usage: routerctl' "$routerctl" --help
expect 2 'did you mean "queues"?' "$routerctl" quues
expect 2 'cannot be read' "$routerctl" --token-file "$dir/none" queues
expect 3 'cannot reach routerd at 127.0.0.1:1 ' "$routerctl" --address 127.0.0.1:1 queues
expect 3 'cannot reach routerd' "$routerctl" --address 127.0.0.1:1 agent ana

expect 2 'holds no journal' "$routerctl" simulate --journal "$dir"

start_routerd 127.0.0.1:0
await routerd.out 1 '^READY '
address=$(sed -n 's/^READY grpc=\([^ ]*\).*/\1/p' "$dir/routerd.out")
export ROUTERD_ADDRESS=$address
expect 0 '^billing ' "$routerctl" queues
expect 0 '^{"queues":\[{"name":"queues/billing"' "$routerctl" --json queues
expect 1 'CONTACT_UNKNOWN.*routerctl contacts' "$routerctl" explain contact 1
expect 1 'AGENT_OFFLINE' "$routerctl" presence ana away
expect 1 'WORKSPACE_UNKNOWN' "$routerctl" --workspace nowhere stats
expect 1 'AGENT_UNKNOWN' "$routerctl" agent nobody
expect 0 'Signed in as Bo' "$routerctl" agent bo

"$routerctl" watch --after 0 > "$dir/watch.out" 2>&1 &
watch_pid=$!
mkfifo "$dir/keys"
"$routerctl" agent ana < "$dir/keys" > "$dir/desk.out" 2>&1 &
desk_pid=$!
exec 9> "$dir/keys"
await desk.out 1 'You are AVAILABLE'
await watch.out 1 'agent.signed_in agent=ana'

kill -9 $routerd_pid
wait $routerd_pid 2>/dev/null || true
await desk.out 1 'Not connected'
echo '/away at lunch' >&9
start_routerd "$address"
await desk.out 1 'Connected again'
await desk.out 1 'You are AWAY (at lunch)'
await watch.out 1 'agent.presence_changed agent=ana .*reason="at lunch"'
expect 0 '^ana .*AWAY (at lunch)' "$routerctl" agents

expect 0 'Agent ana is AVAILABLE' "$routerctl" presence ana available
await desk.out 2 'You are AVAILABLE'
echo '/quit' >&9
await desk.out 1 'Signed out'
wait $desk_pid || fail "the desk ended with $?"
desk_pid=
expect 0 '^ana .*OFFLINE' "$routerctl" agents --all
expect 2 'tells of no contact yet' "$routerctl" simulate --journal "$dir/data"
echo "routerctl_test: passed"
