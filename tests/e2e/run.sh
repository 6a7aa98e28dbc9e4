#!/usr/bin/env bash
# usage: run.sh PROGRAMS OUTPUT   Runs the story against the programs in PROGRAMS; screenshots and logs go to OUTPUT.
set -euo pipefail
programs=$(realpath "$1") output=$(realpath -m "$2")
cd "$(dirname "${BASH_SOURCE[0]}")"

skip() {
  echo "SKIPPED: $1"
  exit 77
}
command -v node >/dev/null || skip "node is not installed"
chromium=$(command -v chromium) || skip "chromium is not installed"
[ -d node_modules/playwright-core ] || npm ci --no-audit --no-fund --loglevel=error

exec node story.mjs --programs "$programs" --output "$output" --chromium "$chromium"
