#!/usr/bin/env bash
# Everything that is measured, each beside its peers, as one table after another. Peers that are not installed are named
# as absent. Takes about half an hour, most of it building and rounds; see README.md for what each row means.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
release="$CARGO_TARGET_DIR/release"
export KAFKLOUD_BIN="$release/kafkloud" STREAMER_BIN="$release/streamer" PRODUCER_BIN="$release/producer" CONSUMER_BIN="$release/consumer"
export KAFKA_DIR="${KAFKA_DIR:-$CARGO_TARGET_DIR/apache-kafka}"

make/setup.sh build
make/setup.sh test
make wasm
cargo build --locked --release -p cli -p streamer -p producer -p consumer -p bench

echo
echo "## $(date -u +%Y-%m-%d), $(nproc) cores, $(uname -sm), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo 2>/dev/null)"
for bench in "${@:-platform streamer http fold seer page}"; do
  for name in $bench; do
    echo
    echo "### bench-$name"
    "$release/bench-$name"
  done
done
