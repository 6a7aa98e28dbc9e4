#!/usr/bin/env bash
# Installs what is missing, builds, and runs the daemon with the embedded store and the web chat adapter, until Ctrl-C.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. deploy/lib.sh

usage() {
  cat <<'END'
usage: deploy/run.sh [options]

  --no-install         install no packages
  --no-build           run what stands in build/release/bin
  --build-only         install and build, then stop
  --grpc-port PORT     where adapters, agents and routerctl connect (7400)
  --http-port PORT     the desk, the wallboard, health and metrics (7480)
  --chat-port PORT     the customer's chat page (7490)
  --data DIR           where everything is kept (ROUTERD_DATA, or else var/dev in the checkout)

All ports are on 127.0.0.1 only.
END
}

install=1 build=1 run=1 grpc_port=7400 http_port=7480 chat_port=7490 data=${ROUTERD_DATA:-var/dev}
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) install=0 ;;
    --no-build) install=0 build=0 ;;
    --build-only) run=0 ;;
    --grpc-port | --http-port | --chat-port)
      [[ ${2-} =~ ^[0-9]{1,5}$ ]] && [ "$2" -ge 1 ] && [ "$2" -le 65535 ] || die "$1 needs a port from 1 to 65535"
      port=${1#--}
      printf -v "${port/-/_}" %s "$2"
      shift
      ;;
    --data) data=${2:?--data needs a folder} && shift ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

# Says so before the long build rather than after it. The daemons have the last word.
require_free() { # FLAG PORT
  (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null || return 0
  die "port $2 is taken: stop what listens there (see it with: ss -ltnp 'sport = :$2'), or choose another with $1 PORT"
}
if [ $run = 1 ]; then
  require_free --grpc-port "$grpc_port"
  require_free --http-port "$http_port"
  require_free --chat-port "$chat_port"
fi

[ $install = 0 ] || install_packages build
[ $build = 0 ] || { say "building" && build release routerd adapterd routerctl; }
[ $run = 1 ] || exit 0
[ -x build/release/bin/routerd ] && [ -x build/release/bin/adapterd ] || die "nothing is built yet; run without --no-build"

mkdir -p "$data" && data=$(cd "$data" && pwd) || die "cannot make the data folder $data; choose another with --data DIR"

# A keeper is a background shell that runs one daemon and starts it again when it dies. What the daemons print and
# what the keepers notice arrive here as lines of one pipe, so nothing has to be polled:
#   READY ...         printed by a daemon that serves
#   DIED NAME HOW     it will be started again
#   FAILED NAME HOW   it will not
pipe=$(mktemp -u) && mkfifo -m 600 "$pipe" && exec {events}<>"$pipe" && rm "$pipe" || die "cannot make a pipe"
keepers=()

ended() { # STATUS
  if [ "$1" -gt 128 ]; then echo "was killed by signal $(($1 - 128))"; else echo "ended with status $1"; fi
}

keep() { # NAME COMMAND...
  local name=$1 child='' status started pause=1 deaths=0
  shift
  trap stop_child TERM
  trap '' INT HUP
  while :; do
    started=$SECONDS
    setsid "$@" 1>&"$events" 2>>"$data/$name.log" &  # A group of its own: the terminal's Ctrl-C is ours to pass on.
    child=$!
    { wait "$child"; } 2>/dev/null
    status=$?
    child=''
    [ $((SECONDS - started)) -lt 5 ] || deaths=0 pause=1
    deaths=$((deaths + 1))
    # Status 2 says that the config is wrong or a port is taken, which trying again does not mend.
    if [ $status -eq 2 ] || [ $deaths -ge 6 ]; then
      echo "FAILED $name $(ended "$status")" >&"$events"
      exit 1
    fi
    echo "DIED $name $(ended "$status")" >&"$events"
    sleep "0.$pause"
    [ $pause -ge 8 ] || pause=$((pause * 2))
  done
}

# In a keeper. A daemon drains and flushes on SIGTERM; one that has not ended after 15 seconds is killed.
stop_child() {
  [ -n "$child" ] && kill -TERM "$child" 2>/dev/null || exit 0
  for _ in {1..150}; do
    kill -0 "$child" 2>/dev/null || exit 0
    sleep 0.1
  done
  kill -KILL "$child" 2>/dev/null
  exit 0
}

stop() { # STATUS
  trap '' INT TERM HUP
  local i
  for ((i = ${#keepers[@]} - 1; i >= 0; i--)); do
    kill -TERM "${keepers[i]}" 2>/dev/null
    wait "${keepers[i]}"
  done 2>/dev/null
  exit "$1"
}
trap 'echo; say "stopping"; stop 0' INT TERM HUP

failed() { # NAME WHY
  printf '%s %s; the end of %s:\n' "$1" "$2" "$data/$1.log" >&2
  tail -n 20 "$data/$1.log" >&2
  stop 1
}

# Starts a daemon and waits until it says that it serves, in a line that starts with READY and SIGN.
start() { # SIGN NAME COMMAND...
  local sign=$1 word who how
  shift
  keep "$@" &
  keepers+=($!)
  while read -r -t 60 -u "$events" word who how; do
    case $word in
      READY) [[ $who != "$sign"=* ]] || return 0 ;;
      FAILED) failed "$who" "$how" ;;
    esac
  done
  failed "$1" "did not serve within a minute"
}

start grpc routerd build/release/bin/routerd --config config/dev.yaml --data "$data" \
  --grpc-address "127.0.0.1:$grpc_port" --http-address "127.0.0.1:$http_port"
start chat adapterd build/release/bin/adapterd --config config/adapters.dev.yaml --data "$data" \
  --routerd "127.0.0.1:$grpc_port" --listen "127.0.0.1:$chat_port"

cat <<END

routerd is running. Data and logs: $data

  customer chat   http://127.0.0.1:$chat_port/
  agent desk      http://127.0.0.1:$http_port/desk
  wallboard       http://127.0.0.1:$http_port/wallboard

Sign in on the desk as ana and, in another window, as bo; then ask something on the chat page. Ctrl-C stops it all.
END

while read -r -u "$events" word who how; do
  case $word in
    READY) say "serving again: $who" ;;
    DIED) say "$who $how; starting it again" ;;
    FAILED) failed "$who" "does not stay up; it $how" ;;
  esac
done
