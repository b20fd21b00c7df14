# shellcheck shell=bash
# kcat, the client of librdkafka.

check_kcat_metadata() {
  create_topic "$TOPIC" 3
  k -L -t "$TOPIC" | anonymous | sed -E 's/broker [0-9]+/broker N/; s/(leader|replicas:|isrs:) ?[0-9]+/\1 N/g'
}

check_kcat_round_trip_keys_and_headers() {
  create_topic "$TOPIC" 1
  printf 'one=1\ntwo=2\nempty=\n' | k -P -t "$TOPIC" -K= -H origin=test -H empty=
  printf 'gone=' | k -P -t "$TOPIC" -K= -Z
  k -C -e -t "$TOPIC" -o beginning -f '%t %p %o key=%k value=%s length=%S headers=%h\n'
}

check_kcat_compression() {
  create_topic "$TOPIC" 1
  for codec in none gzip snappy lz4 zstd; do
    numbers 1000 | sed "s/^/$codec-/" | k -P -t "$TOPIC" -z "$codec"
  done
  k -C -e -t "$TOPIC" -o beginning | md5sum
}

check_kcat_partitions_keep_keys_and_order() {
  create_topic "$TOPIC" 4
  numbers 2000 | awk '{print $1 % 17 "=" $1}' | k -P -t "$TOPIC" -K= -X partitioner=murmur2
  for partition in 0 1 2 3; do
    k -C -e -t "$TOPIC" -p "$partition" -o beginning -f '%p %o %k %s\n' | md5sum
  done
}

check_kcat_positions() {
  create_topic "$TOPIC" 1
  numbers 100 | k -P -t "$TOPIC"
  echo "at 40:" && k -C -e -t "$TOPIC" -p 0 -o 40 -c 2
  echo "last 3:" && k -C -e -t "$TOPIC" -p 0 -o -3
  echo "end:" && k -C -e -t "$TOPIC" -p 0 -o end
  echo "out of range:" && outcome k -C -e -t "$TOPIC" -p 0 -o 4000 -X auto.offset.reset=error
  echo "reset:" && k -C -e -t "$TOPIC" -p 0 -o 4000 -X auto.offset.reset=earliest | head -n 1
}

check_kcat_offsets_by_time() {
  local middle
  create_topic "$TOPIC" 1
  numbers 3 | k -P -t "$TOPIC"
  sleep 0.1
  middle=$(date +%s%3N)
  sleep 0.1
  numbers 4 | k -P -t "$TOPIC"
  k -Q -t "$TOPIC:0:-2" -t "$TOPIC:0:-1" | sort
  k -Q -t "$TOPIC:0:$middle"
  k -Q -t "$TOPIC:0:$((middle + 3600000))"
  k -C -e -t "$TOPIC" -p 0 -o "s@$middle" | md5sum
}

check_kcat_large_values() {
  create_topic "$TOPIC" 1
  head -c 900000 /dev/zero | tr '\0' x | k -P -t "$TOPIC" -D '|'
  k -C -e -t "$TOPIC" -o beginning -f '%S\n'
  head -c 1500000 /dev/zero | tr '\0' x >large
  echo "over the broker's limit:"
  outcome k -P -t "$TOPIC" -D '|' -X message.max.bytes=3000000 large
  k -C -e -t "$TOPIC" -o beginning -f '%S\n'
}

check_kcat_auto_creation() {
  echo first | k -P -t "$TOPIC"
  k -C -e -t "$TOPIC" -o beginning
  echo "bad name:" && outcome k -P -t 'not/a/topic' -X message.timeout.ms=3000 <<<x
  echo "consumer of nothing:" && outcome k -C -e -t "$TOPIC-absent" -o beginning
}

check_kcat_acks() {
  create_topic "$TOPIC" 1
  for acks in 0 1 all; do
    numbers 100 | k -P -t "$TOPIC" -X acks="$acks"
  done
  numbers 100 | k -P -t "$TOPIC" -X enable.idempotence=true
  wait_for "all records" eval '[[ $(k -C -e -t "$TOPIC" -o beginning | wc -l) -eq 400 ]]'
  k -C -e -t "$TOPIC" -o beginning | md5sum
}

check_kcat_group() {
  create_topic "$TOPIC" 4
  numbers 500 | awk '{print $1 "=" $1}' | k -P -t "$TOPIC" -K=
  for assignor in range roundrobin cooperative-sticky; do
    k -G "$TOPIC-$assignor" -c 500 -X auto.offset.reset=earliest -X partition.assignment.strategy="$assignor" \
      "$TOPIC" 2>/dev/null | sort -n | md5sum
  done
  numbers 5 | awk '{print $1 "=again"}' | k -P -t "$TOPIC" -K=
  echo "goes on where it left off:"
  k -G "$TOPIC-range" -c 5 -X auto.offset.reset=earliest "$TOPIC" 2>/dev/null | sort
}
