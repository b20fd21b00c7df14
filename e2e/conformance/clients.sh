# shellcheck shell=bash
# The clients that checks use, pointed at the broker under test. Sourced by run.sh for each check.

# shellcheck disable=SC2034 # used by checks
TOPIC=$CHECK

kafka() {
  local tool=$1
  shift
  case $tool in
    producer-perf-test) "$KAFKA_TOOL" tool "$KAFKA_HOME" "$tool" "$@" ;;
    *) "$KAFKA_TOOL" tool "$KAFKA_HOME" "$tool" --bootstrap-server "$BROKER" "$@" ;;
  esac
}

# For the background: the tool takes the place of the subshell, so that `$!` is its process.
exec_kafka() {
  local tool=$1
  shift
  exec "$KAFKA_TOOL" tool "$KAFKA_HOME" "$tool" --bootstrap-server "$BROKER" "$@"
}

k() {
  kcat -q -b "$BROKER" "$@"
}

create_topic() {
  kafka topics --create --topic "$1" --partitions "${2:-1}" >/dev/null
}

# numbers N: the values 1 to N, one a line.
numbers() {
  seq "$1"
}

# Prints how a command ended, for checks of what is refused.
outcome() {
  if "$@" >outcome.out 2>outcome.err; then echo "succeeded"; else echo "refused"; fi
}

# The name of the first Java exception in a tool's output.
exception() {
  "$@" >exception.out 2>&1 || true
  grep -oE 'org\.apache\.kafka\.common\.errors\.[A-Za-z]+' exception.out | head -n 1 | grep . || echo none
}

# wait_for DESCRIPTION COMMAND...: until it succeeds, 30 s at most.
wait_for() {
  local description=$1
  shift
  for _ in $(seq 60); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  echo "timed out: $description" >&2
  return 1
}

# One space between columns, no empty lines, sorted: for tables whose order is not promised.
table() {
  sed -E 's/[[:space:]]+/ /g; s/^ //; s/ $//; /^$/d' | sort
}

# Member and client ids, addresses and ports differ between any two runs.
anonymous() {
  sed -E 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/g; s/127\.0\.0\.1:[0-9]+/BROKER/g'
}
