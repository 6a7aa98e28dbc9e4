#!/usr/bin/env bash
# deploy/lib.sh: which packages are wanted and missing, and who may install them.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/deploy" "$scratch/bin"
cp deploy/lib.sh "$scratch/deploy/"
chmod 755 "$scratch" # The user without rights reads it too.
for tool in bash dpkg-query env id; do ln -s "$(command -v $tool)" "$scratch/bin/"; done
printf '# comment\n\n[build]\nbase-files\n\n[test]\nbash\nno-such-package\n' >"$scratch/deploy/packages.txt"

in_scratch() { # COMMAND: run where the list above stands, and where there is neither apt-get nor sudo
  (cd "$scratch" && PATH=$scratch/bin "${as[@]}" "$scratch/bin/bash" -c ". deploy/lib.sh; $1")
}
as=()

run 0 in_scratch "packages_of build test"
[ "$output" = $'base-files\nbash\nno-such-package' ] || fail "wrong packages"
run 0 in_scratch "packages_of build"
[ "$output" = base-files ] || fail "wrong packages"

# What is there is not installed again: apt-get is not even looked for.
run 0 in_scratch "install_packages build"
[ -z "$output" ] || fail "something was done"

if [ "$(id -u)" = 0 ]; then as=("$(command -v setpriv)" --reuid=65534 --regid=65534 --clear-groups); fi
run 1 in_scratch "install_packages build test"
expect_output "installing no-such-package"
expect_output "needs root"
expect_output "apt-get install no-such-package"

# Every package of the real list is named once.
repeated=$(. deploy/lib.sh && packages_of build test develop | sort | uniq -d)
[ -z "$repeated" ] || fail "listed twice: $repeated"
finish
