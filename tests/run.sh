#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The closing lines are ctest's own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/lib.sh

usage() {
  cat <<'END'
usage: tests/run.sh [options]

  --quick         the release build only: no sanitizers, no fuzzers
  --only LABEL    of the release build, only the tests of this label; with fuzz, only the fuzzers' build
  --no-install    install no packages
END
}

quick=0 only='' install=1
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 ;;
    --only) only=${2:?--only needs a label} && shift ;;
    --no-install) install=0 ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

stage_name='' stage_start=0
stage() { # NAME: ends the stage before, and starts this one.
  [ -z "$stage_name" ] || say "$stage_name took $((SECONDS - stage_start)) s"
  stage_name=$1 stage_start=$SECONDS
  say "$stage_name"
}
trap '[ $? -eq 0 ] || printf "error: %s failed after %d s\n" "$stage_name" $((SECONDS - stage_start)) >&2' EXIT

# g++ 12's sanitizers expect fewer random bits in addresses than newer kernels give.
steady=()
if setarch -R true 2>/dev/null; then steady=(setarch -R); fi
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1

run_tests() { # PRESET [CTEST-OPTION...]
  local preset=$1
  shift
  "${steady[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel "$(job_count)" "$@"
}

if [ $install = 1 ]; then
  stage "packages"
  install_packages build test
fi
for folder in tests/e2e tests/peers/node; do
  [ -f "$folder/package-lock.json" ] || continue
  stage "npm packages of $folder"
  npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
done

if [ "$only" = fuzz ]; then
  stage "build of the fuzzers"
  build fuzz fuzz_tests
  stage "run of the fuzzers"
  run_tests fuzz --label-regex '^fuzz$'
  exit
fi

stage "release build"
build release
if [ $quick = 0 ] && [ -z "$only" ]; then
  stage "asan build of the unit and simulation tests"
  build asan unit_tests sim_tests
  stage "asan run of the unit and simulation tests"
  run_tests asan --label-regex '^(unit|sim)$'
  # rpc_test and adapters_test talk through the packaged gRPC, which is not built with ThreadSanitizer: it does not see
  # how that orders its callers, and reports races by the thousand.
  tsan_tests=(base_test config_test core_test ctl_test engine_test field_test http_test journal_test
    scenario_test session_test)
  stage "tsan build of the unit and simulation tests"
  build tsan "${tsan_tests[@]}" sim_tests
  stage "tsan run of the unit and simulation tests"
  run_tests tsan --tests-regex "^($(IFS='|' && echo "${tsan_tests[*]}")|sim)$"
  stage "build of the fuzzers"
  build fuzz fuzz_tests
  stage "run of the fuzzers"
  run_tests fuzz --label-regex '^fuzz$'
fi
stage "tests of the release build"
run_tests release ${only:+--label-regex "^$only\$"}
