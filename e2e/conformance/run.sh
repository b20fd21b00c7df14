#!/usr/bin/env bash
# Does the streamer do as Apache Kafka does? Every check runs with the same real clients (kcat and
# Apache Kafka's own console tools) against both; it passes if it succeeds on both with the same output.
#
#   run.sh              all checks
#   run.sh PATTERN...   those whose name matches one of the patterns (shell globs, for example 'groups_*')
#
# Needs kcat, java and mvn, which `make conformance` installs.
# STREAMER_BIN names a streamer binary to test instead of building one; KAFKA_DIR a folder to keep
# Apache Kafka's jars in (default: target/apache-kafka).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
kafka=$root/bench/peers/apache-kafka/kafka.sh
kafka_dir=${KAFKA_DIR:-$root/target/apache-kafka}
work=$(mktemp -d -t kafkloud-conformance.XXXXXX)
streamer_pid=

die() {
  echo "conformance: $*" >&2
  exit 1
}

cleanup() {
  if [[ -n $streamer_pid ]]; then
    kill "$streamer_pid" 2>/dev/null || true
    wait "$streamer_pid" 2>/dev/null || true
  fi
  "$kafka" stop "$work" || true
  rm -rf "$work"
}
trap cleanup EXIT

need_tools() {
  local tool
  for tool in kcat java mvn; do
    command -v "$tool" >/dev/null || die "$tool is missing: make conformance installs it"
  done
}

is_free() {
  ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Three neighbours: Apache Kafka takes a port and the next one.
free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 10000))
    if is_free "$port" && is_free $((port + 1)) && is_free $((port + 2)); then
      echo "$port"
      return
    fi
  done
  die "found no free port"
}

start_streamer() {
  local binary=${STREAMER_BIN:-}
  if [[ -z $binary ]]; then
    (cd "$root" && cargo build -q -p streamer) || die "the streamer does not build"
    binary=${CARGO_TARGET_DIR:-$root/target}/debug/streamer
  fi
  SERVER_HOST=127.0.0.1 SERVER_PORT=$1 DATA_DIR=$work/streamer "$binary" >"$work/streamer.log" 2>&1 &
  streamer_pid=$!
  for _ in $(seq 100); do
    kill -0 "$streamer_pid" 2>/dev/null || die "the streamer ended at start: $(tail -n 3 "$work/streamer.log")"
    is_free "$1" || return 0
    sleep 0.1
  done
  die "the streamer does not answer at port $1"
}

start_kafka() {
  "$kafka" install "$kafka_dir" || die "cannot fetch Apache Kafka"
  ln -s "$kafka_dir/libs" "$work/libs"
  "$kafka" prepare "$work" "$1"
  "$kafka" start "$work" "$1" >/dev/null
}

# One check against one broker, in a process of its own. What it prints is its result.
run_check() {
  local name=$1 side=$2 broker=$3
  mkdir -p "$work/$name.$side"
  (
    cd "$work/$name.$side"
    # shellcheck disable=SC2030,SC2031
    export BROKER=$broker KAFKA_TOOL=$kafka KAFKA_HOME=$work CHECK=$name
    timeout 120 bash "$here/check.sh" "$name"
  ) >"$work/$name.$side.out" 2>"$work/$name.$side.err"
}

is_wanted() {
  local name=$1 pattern
  shift
  [[ $# -eq 0 ]] && return
  for pattern in "$@"; do
    # shellcheck disable=SC2053 # the pattern is a glob
    if [[ $name == $pattern ]]; then return; fi
  done
  return 1
}

report_failure() {
  local name=$1 kafka_code=$2 streamer_code=$3
  echo "FAILED  $name (exit code on Apache Kafka $kafka_code, on the streamer $streamer_code)"
  diff -u --label "Apache Kafka" --label streamer "$work/$name.kafka.out" "$work/$name.streamer.out" | sed 's/^/    /' || true
  for side in kafka streamer; do
    tail -n 5 "$work/$name.$side.err" | sed "s/^/    $side: /"
  done
}

need_tools
kafka_port=$(free_port)
start_kafka "$kafka_port"
streamer_port=$(free_port)
start_streamer "$streamer_port"
echo "comparing the streamer with Apache Kafka, client by client"

passed=0 failed=0
for name in $(grep -ho '^check_[a-z0-9_]*' "$here"/checks/*.sh | sed 's/^check_//'); do
  is_wanted "$name" "$@" || continue
  kafka_code=0 streamer_code=0
  run_check "$name" kafka "127.0.0.1:$kafka_port" &
  reference=$!
  run_check "$name" streamer "127.0.0.1:$streamer_port" || streamer_code=$?
  wait "$reference" || kafka_code=$?
  if [[ $kafka_code$streamer_code == 00 ]] && cmp -s "$work/$name.kafka.out" "$work/$name.streamer.out"; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    report_failure "$name" "$kafka_code" "$streamer_code"
  fi
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
