#!/usr/bin/env bash
# Builds the image of every component and tries each as a cluster would run it: not root, nothing writable but /data, no capabilities. It must refuse to
# listen without a token, answer, ask for the token, be well by its own health check, end within its grace period with status 0 at SIGTERM, and weigh no
# more than it may. Needs an engine (DOCKER=docker or podman), curl, and 15 minutes for the first build.
#
#   SKIP_BUILD=1 test-images.sh   tries the images that are there
set -euo pipefail
cd "$(dirname "$0")/.."

engine=${DOCKER:-docker}
make/need.sh "$engine" curl
registry=${REGISTRY:-docker.io/kafkloud}
tag=${TAG:-latest}
token=$(openssl rand -hex 16)
name=kafkloud-test-$$
trap '"$engine" rm --force "$name" >/dev/null 2>&1 || true' EXIT

die() {
  echo "$component: $*" >&2
  "$engine" logs "$name" 2>&1 | tail -n 5 >&2 || true
  exit 1
}

await() { # COMMAND…
  for _ in $(seq 150); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  die "in vain: $*"
}

restricted=(--read-only --cap-drop ALL --security-opt no-new-privileges --network host --tmpfs /data:mode=1777)

is_minimal() {
  [ "$("$engine" image inspect --format '{{.Config.User}}' "$image")" = 65532:65532 ] || die "may be root"
  [ -n "$("$engine" image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$image")" ] || die "has no labels"
  if "$engine" run --rm --entrypoint /bin/sh "$image" -c true 2>/dev/null; then die "has a shell"; fi
  size=$("$engine" image inspect --format '{{.Size}}' "$image")
  [ "$size" -le "$1" ] || die "weighs $size bytes, and may weigh $1"
}

refuses_strangers() {
  local answer
  if answer=$("$engine" run --rm "${restricted[@]}" --env SERVER_PORT="$port" "$image" 2>&1); then die "starts on all addresses without a token"; fi
  grep -q API_TOKEN <<<"$answer" || die "does not say that it needs API_TOKEN: $answer"
}

status_of() { # PATH, flags of curl
  curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port$1" "${@:2}"
}

answers() {
  await curl --fail --silent "http://127.0.0.1:$port/livez"
  [ "$(status_of /metrics)" = 401 ] || die "answers without a token"
  [ "$(status_of /metrics --header "Authorization: Bearer $token")" = 200 ] || die "does not answer to its token"
}

ends_in_time() {
  local begun=$EPOCHREALTIME
  "$engine" stop --time 10 "$name" >/dev/null
  took=$(((${EPOCHREALTIME/[.,]/} - ${begun/[.,]/}) / 1000))
  [ "$("$engine" inspect --format '{{.State.ExitCode}}' "$name")" = 0 ] || die "ended with $("$engine" inspect --format '{{.State.ExitCode}}' "$name")"
}

try() { # COMPONENT, bytes that it may weigh
  component=$1
  image=$registry/$component:$tag
  port=$((30000 + RANDOM % 2000))
  [ -n "${SKIP_BUILD:-}" ] || make/image.sh build "$component"
  is_minimal "$2"
  # The streamer speaks Kafka, which knows no token of ours: it wants to be told that its network is trusted.
  local flags=() health=(/usr/local/bin/probe "$port")
  if [ "$component" = streamer ]; then flags=(--insecure); else refuses_strangers && health+=(/livez); fi
  "$engine" run --detach --name "$name" "${restricted[@]}" --env SERVER_PORT="$port" --env API_TOKEN="$token" "$image" \
    ${flags[@]+"${flags[@]}"} >/dev/null
  await "$engine" exec "$name" "${health[@]}"
  if [ "$component" != streamer ]; then answers; fi
  local memory
  memory=$(awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$("$engine" inspect --format '{{.State.Pid}}' "$name")/status")
  ends_in_time
  "$engine" rm "$name" >/dev/null
  echo "$component: $((size / 1000000)) MB, at rest $memory MB of memory, ended in $took ms"
}

for component in portal producer consumer streamer; do
  try $component 60000000
done
# With its model.
try seer 250000000
