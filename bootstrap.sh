#!/usr/bin/env bash
# bootstrap.sh demo   installs what is missing, builds, brings examples/hello up, shows that it answers, takes it down
# bootstrap.sh test   installs what is missing, builds and runs the whole test suite
# For a fresh Debian 12, as root or through sudo. Safe to run again.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

build_packages=(g++ cmake ninja-build ccache mold pkg-config libboost1.81-dev nlohmann-json3-dev libspdlog-dev libfmt-dev
  libyaml-cpp-dev libre2-dev libcli11-dev libsqlite3-dev libssl-dev libarchive-dev zlib1g-dev libzstd-dev libisal-dev liblzma-dev libbz2-dev
  libseccomp-dev libcap-dev libnftables-dev libgtest-dev libgmock-dev ca-certificates)
run_packages=(libnftables1 busybox-static curl)
test_packages=(python3 git iproute2 nftables iptables procps clang-format clang-tidy tmux jq libbenchmark-dev libvalijson-dev
  debootstrap e2fsprogs docker-registry apache2-utils openssl zstd python3-docker python3-prometheus-client)

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

build() {  # build PRESET [TARGET...]
  local preset=$1; shift
  say "Building ($preset)"
  cmake --preset "$preset" >"build-$preset.log" 2>&1 || { cat "build-$preset.log"; exit 1; }
  rm -f "build-$preset.log"
  cmake --build --preset "$preset" --target "${@:-all}"
}

demo() {
  install_missing "${build_packages[@]}" "${run_packages[@]}"
  build release stack stack-shim
  # A data root of its own: the demo leaves the default one (/var/lib/stack) alone.
  export STACK_ROOT=${STACK_ROOT:-/var/lib/stack-demo} HELLO_PORT=${HELLO_PORT:-8080}
  local stack=$PWD/build/release/stack
  say "Importing the base image: a root file system with Debian's static busybox"
  tests/support/busybox-rootfs | "$stack" image import - local/busybox
  cd examples/hello
  trap '"$stack" down -v -t 2 >/dev/null 2>&1 || true' EXIT
  say "stack up -d --build --wait"
  "$stack" up -d --build --wait
  say "stack ps"
  "$stack" ps
  say "curl http://127.0.0.1:$HELLO_PORT/ (the page asks the API by its name)"
  local page
  page=$(curl -fsS --max-time 10 "http://127.0.0.1:$HELLO_PORT/")
  printf '%s\n' "$page"
  grep -q 'the API says: visit' <<<"$page" || { echo "the page does not show the API's answer" >&2; exit 1; }
  say "stack exec web wget -qO- http://api:8000/cgi-bin/visits"
  "$stack" exec -T web wget -qO- http://api:8000/cgi-bin/visits
  say "stack logs --tail 5"
  "$stack" logs --tail 5
  say "stack down -v"
  "$stack" down -v
  trap - EXIT
  say "The demo worked. Try it yourself: cd examples/hello && $stack up"
}

run_tests() {
  install_missing "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}"
  command -v npm >/dev/null || install_missing nodejs npm  # unless there is one from elsewhere
  build release all
  say "Fetching the clients that the engine is tried with"
  tests/support/fetch-clients
  say "Unit, scenario and leak tests"
  ctest --test-dir build/release --output-on-failure -LE "reference|packaging" -j"$(nproc)" --output-junit "$PWD/build/release/tests.xml" "$@"
  [ -z "${STACK_CI:-}" ] || tests/support/check-skips build/release/tests.xml
}

case "${1:-}" in
  demo | test) ;;
  *) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "bootstrap.sh: installing packages and running containers needs root: run it as root" >&2; exit 1; }
  exec sudo -E "$0" "$@"
fi
command=$1; shift
if [ "$command" = demo ]; then demo; else run_tests "$@"; fi
