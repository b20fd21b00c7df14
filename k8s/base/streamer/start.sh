#!/bin/bash
# Starts one broker of Apache Kafka, which is also a controller (KRaft). Its number is that of the pod; what differs from pod to pod is
# put together here, what holds for all stands in the *.properties beside this script, the last of them winning.
set -eu

: "${POD_NAME:?the name of this pod, ending in its number}"
: "${BROKERS:?how many brokers there are}"
: "${KAFKA_DOMAIN:=broker-headless.kafkloud.svc}"
: "${KAFKA_HOME:=/opt/kafka}"
: "${KAFKA_SETTINGS:=/settings}"
: "${KAFKA_DATA:=/data}"
: "${KAFKA_WORK:=/tmp/kafka}"

voters() {
  local voter list=
  for ((voter = 0; voter < BROKERS; voter++)); do
    list+=${list:+,}$voter@${POD_NAME%-*}-$voter.$KAFKA_DOMAIN:9093
  done
  echo "$list"
}

# As many copies as there are brokers, three at most; a write waits for all copies but one.
copies=$((BROKERS < 3 ? BROKERS : 3))
in_sync=$((copies > 1 ? copies - 1 : 1))

mkdir -p "$KAFKA_WORK"
config=$KAFKA_WORK/server.properties
cat "$KAFKA_SETTINGS"/*.properties - >"$config" <<CONFIG

node.id=${POD_NAME##*-}
controller.quorum.voters=$(voters)
advertised.listeners=CLIENTS://$POD_NAME.$KAFKA_DOMAIN:9092,REPLICATION://$POD_NAME.$KAFKA_DOMAIN:9094
log.dirs=$KAFKA_DATA/log
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
CONFIG

"$KAFKA_HOME/bin/kafka-storage.sh" format --ignore-formatted --cluster-id kafkloud-kraft-cluster --config "$config"
# exec: the signal that ends the pod reaches Kafka, which hands its partitions over first.
exec "$KAFKA_HOME/bin/kafka-server-start.sh" "$config"
