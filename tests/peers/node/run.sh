#!/usr/bin/env bash
# Installs the Node client's packages outside the sources and runs it. Ends with 77 (skipped) without Node.
# usage: run.sh PATH_OF_ROUTERD PATH_OF_PROTO_DIRECTORY WORK_DIRECTORY
set -euo pipefail
routerd=$1 protos=$2 work=$3
for program in node npm; do
  command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed"; exit 77; }
done
mkdir -p "$work"
cp "$(dirname "$0")"/{package.json,package-lock.json,lifecycle.mjs} "$work"
cd "$work"
# Again only when the list has changed.
if ! cmp -s package-lock.json installed-lock.json; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json installed-lock.json
fi
exec node lifecycle.mjs "$routerd" "$protos"
