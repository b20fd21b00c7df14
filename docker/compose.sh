#!/usr/bin/env bash
# compose.sh up: makes the secrets, builds the images that are missing, starts the stack, and prints the portal's sign-in link.
# compose.sh down [--volumes]: ends it; with --volumes its data goes too.
# DOCKER chooses the engine: docker with its compose plugin, or podman with podman-compose.
set -euo pipefail
cd "$(dirname "$0")"

engine=${DOCKER:-docker}
# Given as a flag, which every compose knows.
stack=(--project-name "${COMPOSE_PROJECT_NAME:-kafkloud}" --file compose.yaml)
../make/need.sh "$engine"
if [ "$(basename "$engine")" = podman ]; then
  ../make/need.sh podman-compose
  compose=(podman-compose --podman-path "$engine" "${stack[@]}")
else
  "$engine" compose version >/dev/null 2>&1 || {
    echo "compose is missing. It is a plugin of Docker: https://docs.docker.com/compose/install/linux" >&2
    exit 1
  }
  compose=("$engine" compose "${stack[@]}")
fi

# The portal writes it into its log when it listens.
print_link() {
  local link
  for _ in $(seq 60); do
    link=$("${compose[@]}" logs portal 2>&1 | grep -o 'http://[^" ]*/sign-in?token=[A-Za-z0-9._~-]*' | tail -n 1 || true)
    [ -n "$link" ] && break
    sleep 1
  done
  echo "Portal: ${link:-http://127.0.0.1:3000}"
  echo "kafka-ui: http://127.0.0.1:8060 (operator, password in docker/secrets/kafkaui-password)"
  echo "Programs send the token in docker/secrets/api-token as Authorization: Bearer …. make compose-down ends everything."
}

case ${1:-} in
  up)
    ./secrets.sh
    "${compose[@]}" up --detach
    print_link
    ;;
  down)
    # Without it the file cannot even be read.
    ./secrets.sh
    "${compose[@]}" down "${@:2}"
    ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 2
    ;;
esac
