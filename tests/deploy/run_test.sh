#!/usr/bin/env bash
# deploy/run.sh with real daemons: what it refuses, what it says, that it keeps both alive and leaves nothing behind.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
data=$scratch/data
runner=''
holder=''

cleanup() {
  [ -z "$runner" ] || kill "$runner" 2>/dev/null
  [ -z "$holder" ] || kill "$holder" 2>/dev/null
  wait
  rm -rf "$scratch"
}
trap cleanup EXIT

# Prints the ids of the processes started for this data folder; with NAME, only of that daemon.
processes() { # [NAME]
  local process line
  for process in /proc/[0-9]*; do
    line=$(tr '\0' ' ' 2>/dev/null <"$process/cmdline") || continue
    [[ $line == *"${1+bin/$1 }"*"$data"* ]] && echo "${process#/proc/}"
  done
}

# Starts run.sh; what it prints is read from $said.
start() {
  exec {said}< <(exec deploy/run.sh --no-build --data "$data" --grpc-port "$grpc" --http-port "$http" \
    --chat-port "$chat" 2>&1)
  runner=$!
}

# Reads what run.sh says until a line holds TEXT.
until_said() { # TEXT
  local line
  output=''
  while read -r -t 60 -u "$said" line; do
    output+=$line$'\n'
    [[ $line != *"$1"* ]] || return 0
  done
  fail "run.sh did not say: $1"
  return 1
}

# Ends run.sh as a service manager would, and expects that it ends well and that nothing of it is left.
stop() {
  kill -TERM "$runner"
  wait "$runner" || fail "run.sh ended with status $?"
  runner=''
  [ -z "$(processes)" ] || fail "left running: $(processes)"
}

run 2 deploy/run.sh --no-such-option
expect_output "usage:"
run 1 deploy/run.sh --no-build --http-port 70000
expect_output "--http-port needs a port from 1 to 65535"
run 1 deploy/run.sh --no-build --data /dev/null/data
expect_output "cannot make the data folder /dev/null/data"

# A taken port is named, with the way out, and nothing is started.
read -r grpc http chat < <(free_ports 3)
exec {held}< <(exec node -e 'require("net").createServer().listen(+process.argv[1], "127.0.0.1", () => console.log("listening"))' "$http")
holder=$!
read -r -u "$held"
run 1 deploy/run.sh --no-build --data "$data" --grpc-port "$grpc" --http-port "$http" --chat-port "$chat"
expect_output "port $http is taken"
expect_output "--http-port PORT"
[ -z "$(processes)" ] || fail "left running: $(processes)"
kill "$holder"
wait "$holder"
holder=''

# Twice in a row on the same data. Whoever is killed comes back.
for round in first second; do
  start
  until_said "Ctrl-C stops it all" || break
  expect_output "http://127.0.0.1:$chat/"
  expect_output "http://127.0.0.1:$http/desk"
  expect_output "http://127.0.0.1:$http/wallboard"
  for name in routerd adapterd; do
    killed=$(processes $name)
    kill -KILL "$killed"
    until_said "$name was killed by signal 9; starting it again"
    until_said "serving again"
    [ "$(processes $name)" != "$killed" ] || fail "$name is still the process that was killed, in the $round round"
  done
  if [ $round = second ]; then
    # Data has one owner: another run on it is refused with the end of the log, and the first goes on.
    read -r other_grpc other_http other_chat < <(free_ports 3)
    run 1 timeout 30 deploy/run.sh --no-build --data "$data" --grpc-port "$other_grpc" --http-port "$other_http" \
      --chat-port "$other_chat"
    expect_output "the end of $data/routerd.log"
    [ "$(processes routerd | wc -l)" = 1 ] || fail "routerd runs $(processes routerd | wc -l) times"
  fi
  stop
done

finish
