# shellcheck shell=bash
# What deploy/run.sh and tests/run.sh share: messages, packages, the build. Sourced, from the root of the checkout.

say() { printf '== %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Prints the packages of the sections named, one a line.
packages_of() {
  local section='' line
  while read -r line; do
    case $line in
      '' | '#'*) ;;
      '['*']') section=${line:1:-1} ;;
      *) if [[ " $* " == *" $section "* ]]; then printf '%s\n' "$line"; fi ;;
    esac
  done <deploy/packages.txt
}

# Whether what package $1 is wanted for is there. Node may come from elsewhere, and then brings its own npm.
have_package() {
  local version
  case $1 in
    nodejs)
      version=$(node --version 2>/dev/null) && version=${version#v} && [ "${version%%.*}" -ge 18 ] && return
      ;;
    npm) command -v npm >/dev/null && return ;;
  esac
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null; then
    die "installing packages needs root: run this as root, or install sudo, or have root run: apt-get install ${missing[*]}"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo --non-interactive "$@"  # Nobody is there to type a password.
  fi
}

# Installs what is missing of the sections named. Touches neither apt nor the network when nothing is.
install_packages() {
  command -v dpkg-query >/dev/null ||
    die "this is not Debian; install the equivalents of deploy/packages.txt yourself and add --no-install"
  local package missing=()
  for package in $(packages_of "$@"); do
    have_package "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get update --quiet --quiet || die "apt-get update failed; is the network there?"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null || die "apt-get install failed; the package names are those of Debian 12"
}

# How many compilers may run at once: one a core, as long as each has 1.5 GB of memory.
job_count() {
  local cores available
  cores=$(nproc)
  available=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "${available:-$cores}" -ge "$cores" ] && available=$cores
  [ "$available" -ge 1 ] || available=1
  echo "$available"
}

# build PRESET [TARGET...]: configures and builds.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" >"/tmp/routerd-cmake.$$" 2>&1 || {
    cat "/tmp/routerd-cmake.$$" >&2
    rm -f "/tmp/routerd-cmake.$$"
    die "cmake --preset $preset failed"
  }
  rm -f "/tmp/routerd-cmake.$$"
  cmake --build --preset "$preset" --parallel "$(job_count)" ${1:+--target "$@"} || die "building $preset failed"
}
