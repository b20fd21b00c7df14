# shellcheck shell=bash
# kafka-console-producer, kafka-console-consumer, and Kafka's test clients.

check_console_round_trip() {
  create_topic "$TOPIC" 1
  printf 'a:1\nb:2\nc:\n' | kafka console-producer --topic "$TOPIC" --property parse.key=true --property key.separator=:
  kafka console-consumer --topic "$TOPIC" --from-beginning --max-messages 3 \
    --property print.key=true --property print.offset=true --property print.partition=true --property print.headers=true
}

check_console_producer_settings() {
  create_topic "$TOPIC" 1
  for codec in gzip snappy lz4 zstd; do
    numbers 50 | kafka console-producer --topic "$TOPIC" --compression-codec "$codec" --request-required-acks all
  done
  numbers 50 | kafka console-producer --topic "$TOPIC" --producer-property enable.idempotence=false --request-required-acks 1
  kafka console-consumer --topic "$TOPIC" --from-beginning --max-messages 250 | md5sum
}

check_console_consumer_of_a_partition() {
  create_topic "$TOPIC" 2
  numbers 20 | k -P -t "$TOPIC" -p 1
  kafka console-consumer --topic "$TOPIC" --partition 1 --offset 15 --max-messages 5
  kafka console-consumer --topic "$TOPIC" --partition 1 --offset earliest --max-messages 2 --isolation-level read_committed
}

check_console_consumer_in_a_group_goes_on() {
  create_topic "$TOPIC" 1
  numbers 5 | k -P -t "$TOPIC"
  kafka console-consumer --topic "$TOPIC" --group "$TOPIC" --from-beginning --max-messages 5
  seq 6 8 | k -P -t "$TOPIC"
  kafka console-consumer --topic "$TOPIC" --group "$TOPIC" --from-beginning --max-messages 3
  kafka consumer-groups --describe --group "$TOPIC" --offsets 2>/dev/null | awk '$1 == "'"$TOPIC"'" {print $2, $3, $4, $5, $6}'
}

check_console_consumer_of_a_pattern() {
  create_topic "$TOPIC-1" 1
  create_topic "$TOPIC-2" 1
  echo one | k -P -t "$TOPIC-1"
  echo two | k -P -t "$TOPIC-2"
  kafka console-consumer --include "$TOPIC-.*" --from-beginning --max-messages 2 | sort
}

check_console_performance_clients() {
  create_topic "$TOPIC" 4
  kafka producer-perf-test --topic "$TOPIC" --num-records 20000 --record-size 200 --throughput -1 \
    --producer-props "bootstrap.servers=$BROKER" acks=all | tail -n 1 | grep -oE '^[0-9]+ records sent'
  kafka consumer-perf-test --topic "$TOPIC" --messages 20000 --group "$TOPIC" 2>/dev/null | tail -n 1 | awk -F', ' '{print $5}'
}

check_console_verifiable_clients() {
  create_topic "$TOPIC" 3
  kafka verifiable-producer --topic "$TOPIC" --max-messages 3000 | tail -n 1 | grep -oE '"(sent|acked)":[0-9]+' | sort
  kafka verifiable-consumer --topic "$TOPIC" --group-id "$TOPIC" --max-messages 3000 --session-timeout 10000 >consumed
  grep '"records_consumed"' consumed | grep -oE '"count":[0-9]+,"partitions"' | awk -F'[:,]' '{sum += $2} END {print sum}'
  kafka get-offsets --topic "$TOPIC" | awk -F: '{sum += $3} END {print sum}'
}
