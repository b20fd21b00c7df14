# shellcheck shell=bash
# kafka-topics, kafka-configs, kafka-get-offsets.

check_topics_create_list_describe_delete() {
  create_topic "$TOPIC-a" 1
  create_topic "$TOPIC-b" 3
  kafka topics --list | grep "^$TOPIC" | sort
  kafka topics --describe --topic "$TOPIC-b" | grep -v '^Topic:' | sed -E 's/Elr:.*//' | table
  kafka topics --delete --topic "$TOPIC-a"
  wait_for "the topic is gone" eval '! kafka topics --list | grep -qx "$TOPIC-a"'
  kafka topics --list | grep "^$TOPIC" | sort
}

check_topics_describe_names_partitions_and_settings() {
  kafka topics --create --topic "$TOPIC" --partitions 2 --config retention.ms=3600000 --config max.message.bytes=200000 >/dev/null
  kafka topics --describe --topic "$TOPIC" | head -n 1 | grep -oE 'PartitionCount: [0-9]+|ReplicationFactor: [0-9]+'
  kafka configs --describe --entity-type topics --entity-name "$TOPIC" |
    grep -oE '(retention\.ms|max\.message\.bytes)=[0-9]+ sensitive=false' | sort
}

check_topics_recreated_is_empty() {
  create_topic "$TOPIC" 1
  numbers 10 | k -P -t "$TOPIC"
  kafka topics --delete --topic "$TOPIC"
  wait_for "the topic is gone" eval '! kafka topics --list | grep -qx "$TOPIC"'
  create_topic "$TOPIC" 2
  kafka get-offsets --topic "$TOPIC" | sort
}

check_topics_add_partitions() {
  create_topic "$TOPIC" 1
  numbers 10 | k -P -t "$TOPIC"
  kafka topics --alter --topic "$TOPIC" --partitions 3
  k -L -t "$TOPIC" | grep -c 'partition [0-9]'
  k -P -t "$TOPIC" -p 2 <<<new
  kafka get-offsets --topic "$TOPIC" | sort
  echo "fewer:" && exception kafka topics --alter --topic "$TOPIC" --partitions 2
}

check_topics_refusals() {
  create_topic "$TOPIC" 1
  echo "exists:" && exception kafka topics --create --topic "$TOPIC"
  echo "if not exists:" && outcome kafka topics --create --if-not-exists --topic "$TOPIC"
  echo "bad name:" && exception kafka topics --create --topic 'a b'
  echo "replication factor:" && exception kafka topics --create --topic "$TOPIC-2" --replication-factor 3
  echo "partitions:" && outcome kafka topics --create --topic "$TOPIC-3" --partitions 0
  echo "unknown setting:" && exception kafka topics --create --topic "$TOPIC-4" --config no.such=1
  echo "bad setting:" && exception kafka topics --create --topic "$TOPIC-5" --config retention.ms=soon
  echo "delete what is not there:" && outcome kafka topics --delete --topic "$TOPIC-absent"
  kafka topics --list | grep "^$TOPIC" | sort
}

check_topics_offsets_tool() {
  create_topic "$TOPIC" 2
  numbers 10 | k -P -t "$TOPIC" -p 0
  numbers 7 | k -P -t "$TOPIC" -p 1
  sleep 0.1
  for partition in 0 1; do k -P -t "$TOPIC" -p "$partition" <<<last; done
  for time in -1 -2 earliest latest max-timestamp; do
    echo "$time:" && kafka get-offsets --topic "$TOPIC" --time "$time" | sort
  done
}

check_topics_broker_configs() {
  kafka configs --describe --entity-type brokers --entity-name 1 --all |
    grep -oE '^ +(auto\.create\.topics\.enable|num\.partitions|message\.max\.bytes)=[a-z0-9]+' | sort
}
