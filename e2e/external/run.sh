#!/usr/bin/env bash
# The end-to-end tests around what stands around the services in production: each stack has an Apache Kafka of its own, which
# lets in only by SASL within TLS, and a PostgreSQL; the services serve HTTPS and ask everybody for a token. Two replicas of consumer
# and seer share the work, and one of each is killed; of three brokers one goes, and what was acknowledged stays.
# With QDRANT_URL (and QDRANT_API_KEY) set, the seers keep their vectors in that Qdrant, in collections that are deleted again.
#
#   run.sh              everything
#   run.sh PATTERN...   the end-to-end tests whose name contains one of the patterns
#
# Needs java, mvn, openssl and PostgreSQL, which `make test-external` installs. KAFKA_DIR names a folder to keep Apache Kafka's
# jars in (default: target/apache-kafka), CARGO how cargo is called.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
kafka=$root/bench/peers/apache-kafka/kafka.sh
kafka_dir=${KAFKA_DIR:-$root/target/apache-kafka}
cargo=${CARGO:-cargo}
work=$(mktemp -d -t kafkloud-external.XXXXXX)

cleanup() {
  # Those of tests that were cut off.
  "$kafka" stop "$work" || true
  rm -rf "$work"
}
trap cleanup EXIT

# The path of the e2e crate's tests, as cargo tells it.
tests_of_e2e() {
  python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and "/e2e#" in message["package_id"] and message["target"]["kind"] == ["test"]:
        print(message["executable"])
'
}

"$kafka" install "$kafka_dir"
ln -s "$(cd "$kafka_dir" && pwd)/libs" "$work/libs"
cd "$root"
export REQUIRE_POSTGRES=1
# The whole workspace, so that features stay the same, and with them what is built already.
# shellcheck disable=SC2086 # it may be several words
tests=$($cargo test --locked --workspace --test it --no-run --message-format=json | tests_of_e2e)
[[ -x $tests ]] || {
  echo "external: cargo has built no end-to-end tests" >&2
  exit 1
}
# A Kafka takes half a GiB and a core to start: two at a time.
(cd e2e && EXTERNAL_KAFKA_DIR=$work "$tests" --test-threads=2 "$@")
if [[ $# -eq 0 ]]; then
  # The status store's own tests, which run everywhere, but for PostgreSQL only where there is one.
  # shellcheck disable=SC2086
  $cargo test --locked --workspace --lib store::
  if [[ -n ${QDRANT_URL:-} ]]; then
    # And the vector store's, for which the same holds of Qdrant.
    # shellcheck disable=SC2086
    $cargo test --locked --workspace --test it store::
  fi
fi
