#!/usr/bin/env bash
# The image of one component:
#
#   image.sh build COMPONENT   builds it from docker/Dockerfile; BUILD_FLAGS are more flags for the engine
#   image.sh run COMPONENT …   runs it in the foreground on this machine's network, on loopback; what follows are flags of the component
#   image.sh push COMPONENT    pushes it to REGISTRY; without one, gives it to the kind or minikube cluster that kubectl talks to
#
# DOCKER (docker or podman), REGISTRY and TAG choose engine and name.
set -euo pipefail
cd "$(dirname "$0")/.."

engine=${DOCKER:-docker}
local_registry=docker.io/kafkloud
registry=${REGISTRY:-$local_registry}
component=${2:?which component}
image=$registry/$component:${TAG:-latest}

build() {
  make/need.sh "$engine"
  local format=()
  # The OCI format has no place for HEALTHCHECK, and podman takes it by default.
  if [[ $(basename "$engine") == podman ]]; then format=(--format docker); fi
  # shellcheck disable=SC2086 # flags are separated by blanks
  "$engine" build ${format[@]+"${format[@]}"} ${BUILD_FLAGS:-} --file docker/Dockerfile --target "$component" --tag "$image" \
    --build-arg VERSION="$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)" \
    --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" .
  echo "built $image"
}

# On the machine's own network, so that a broker that says it is 127.0.0.1 is found; there loopback needs no token.
run() {
  make/need.sh "$engine"
  local name flags=()
  for name in KAFKA_BROKER PRODUCER_URL CONSUMER_URL SEER_URL API_TOKEN VIEWER_TOKEN STATUS_DATABASE_URL QDRANT_URL QDRANT_API_KEY \
    OPENAI_API_KEY OPENAI_BASE_URL OPENAI_MODEL RUST_LOG LOG_FORMAT SERVER_PORT; do
    if [ -n "${!name:-}" ]; then flags+=(--env "$name"); fi
  done
  exec "$engine" run --rm --init --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
    --env SERVER_HOST=127.0.0.1 --env LOG_FORMAT=text --volume "kafkloud-$component:/data" ${flags[@]+"${flags[@]}"} "$image" "$@"
}

push() {
  if [ "$registry" != $local_registry ]; then
    make/need.sh "$engine"
    # Every change that is not committed has this tag, and a node that has one of them fetches no other.
    if [[ $image == *-dirty ]]; then
      echo "There are changes that are not committed, so the image has no name of its own: commit them, or give it one with TAG=…" >&2
      exit 1
    fi
    exec "$engine" push "$image"
  fi
  local kubectl=${KUBECTL:-kubectl} context
  make/need.sh "$kubectl"
  context=$("$kubectl" config current-context 2>/dev/null || true)
  case $context in
    kind-*) make/need.sh kind && exec kind load docker-image --name "${context#kind-}" "$image" ;;
    minikube*) make/need.sh minikube && exec minikube --profile "$context" image load "$image" ;;
  esac
  echo "REGISTRY is not set, and kubectl talks to no kind or minikube cluster (but to ${context:-none}): REGISTRY=europe-docker.pkg.dev/project/kafkloud make push-image" >&2
  exit 1
}

case ${1:-} in
  build | push) "$1" ;;
  run) run "${@:3}" ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 2
    ;;
esac
