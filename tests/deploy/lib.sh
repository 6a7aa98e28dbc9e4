# shellcheck shell=bash
# Helpers of these tests: a scratch folder, expectations, free ports. Sourced; the test then runs from the checkout's root.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
scratch=$(mktemp -d)
failures=0

# Runs COMMAND, keeps its output and status, and expects the status.
run() { # STATUS COMMAND...
  local expected=$1
  shift
  output=$("$@" 2>&1)
  local status=$?
  [ "$status" = "$expected" ] || fail "$* ended with status $status, not $expected"
}

expect_output() { # TEXT
  [[ $output == *"$1"* ]] || fail "expected in the output: $1"
}

fail() {
  failures=$((failures + 1))
  printf 'FAILED at line %s: %s\n' "${BASH_LINENO[*]}" "$1"  # Innermost first.
  printf 'output: %s\n' "${output-}"
}

finish() {
  [ $failures = 0 ] && echo "all as expected"
  exit $((failures > 0))
}

# Prints COUNT different ports that were free a moment ago.
free_ports() { # COUNT
  node -e '
    const servers = Array.from({length: +process.argv[1]}, () => require("net").createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map(s => new Promise(done => s.on("listening", done)))).then(() => {
      console.log(servers.map(s => s.address().port).join(" "));
      servers.forEach(s => s.close());
    });' "$1"
}
