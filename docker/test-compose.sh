#!/usr/bin/env bash
# Starts the whole stack as `make compose-up` does, as a project of its own with data of its own. Sends a message, follows it until the seer has learned
# it, asks about it, signs in by the link that was printed, ends everything, starts it again and finds all of it there.
# Needs an engine with compose (DOCKER=docker or podman), curl, and the ports of the stack, so end yours before; builds the images that are missing.
set -euo pipefail
cd "$(dirname "$0")"
../make/need.sh curl

export COMPOSE_PROJECT_NAME=kafkloud-test
work=$(mktemp -d)
cleanup() {
  ./compose.sh down --volumes >"$work/down" 2>&1 || cat "$work/down" >&2
  rm -rf "$work"
}
trap cleanup EXIT

die() {
  echo "compose: $*" >&2
  exit 1
}

await() { # WHAT COMMAND…
  local what=$1
  shift
  for _ in $(seq 300); do
    "$@" >"$work/answer" 2>/dev/null && return
    sleep 1
  done
  cat "$work/answer" >&2
  die "waited in vain for $what"
}

ask() { # flags of curl and an address, as somebody with the token
  curl --silent --show-error --fail --max-time 60 --header "Authorization: Bearer $(<secrets/api-token)" "$@"
}

is_ready() {
  local port
  for port in 3000 8000 8072 8030; do ask "http://127.0.0.1:$port/readyz" || return; done
}

is_well() { ask http://127.0.0.1:8060/actuator/health | grep -q UP; }

is_learned() { ask "http://127.0.0.1:8072/status/$id?wait=20&stage=indexed" | grep -q '"stage":"indexed"'; }

start() {
  ./compose.sh up | tee "$work/said"
  await "all services to be ready" is_ready
}

start
for port in 8000 8072 8030; do
  status=$(curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/metrics")
  [ "$status" = 401 ] || die "port $port answers $status to strangers"
done
id=$(ask --data 'Parcel 42 has left the depot of Turku' http://127.0.0.1:8000/produce/parcels/42 | sed 's/.*"id":"\([^"]*\)".*/\1/')
await "the message to be learned" is_learned
ask --data 'Which depot has parcel 42 left?' http://127.0.0.1:8030/ask | grep -q "\"id\":\"$id\"" || die "the answer does not cite the message"
ask --header "api-key: $(<secrets/qdrant-api-key)" http://127.0.0.1:6333/collections | grep -q kafkloud || die "Qdrant has no collection of ours"
await "kafka-ui" is_well

link=$(grep -o 'http://127.0.0.1:3000/sign-in[^ ]*' "$work/said") || die "no link to sign in was printed"
curl --silent --fail --output /dev/null --cookie-jar "$work/cookies" "$link"
grep -q kafkloud-session "$work/cookies" || die "the link signs nobody in"
curl --silent --fail --cookie "$work/cookies" "http://127.0.0.1:3000/message/$id" | grep -q 'depot of Turku' || die "the portal does not show the message"

./compose.sh down >"$work/down" 2>&1 || die "cannot be ended: $(<"$work/down")"
start
is_learned || die "after a restart the message is gone"
ask --data 'Which depot has parcel 42 left?' http://127.0.0.1:8030/ask | grep -q "\"id\":\"$id\"" || die "after a restart the seer knows nothing of it"
echo "compose: a message was sent, followed, learned, cited and shown, and was there after a restart"
