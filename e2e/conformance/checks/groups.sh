# shellcheck shell=bash
# kafka-consumer-groups, and groups of several members.

consume_in_group() {
  kafka console-consumer --topic "$1" --group "$2" --from-beginning --max-messages "$3" --timeout-ms 20000 2>/dev/null
}

group_offsets() {
  kafka consumer-groups --describe --offsets --group "$1" 2>/dev/null | awk '$1 == "'"$1"'" {print $2, $3, $4, $5, $6}' | sort
}

group_state() {
  kafka consumer-groups --describe --state --group "$1" 2>/dev/null | anonymous | table | grep "^$1"
}

# A member that stays until it is told to go.
members=()
start_member() {
  exec_kafka verifiable-consumer --group-id "$TOPIC" --topic "$TOPIC" --session-timeout 6000 "$@" >"member.${#members[@]}" 2>/dev/null &
  members+=($!)
}

stop_members() {
  kill "${members[@]}" 2>/dev/null || true
  wait
}

check_groups_list_and_states() {
  create_topic "$TOPIC" 2
  numbers 20 | k -P -t "$TOPIC"
  consume_in_group "$TOPIC" "$TOPIC" 20 | wc -l
  kafka consumer-groups --list | grep -x "$TOPIC"
  kafka consumer-groups --list --state | grep "^$TOPIC" | table
  kafka consumer-groups --list --type | grep "^$TOPIC" | table
  kafka consumer-groups --list --state Stable | grep -c "^$TOPIC" || true
  kafka consumer-groups --list --state Empty --type classic | grep "^$TOPIC" | table
  group_state "$TOPIC"
}

check_groups_describe_a_living_one() {
  create_topic "$TOPIC" 2
  numbers 10 | k -P -t "$TOPIC" -p 0
  start_member --group-instance-id first
  wait_for "a member" eval 'kafka consumer-groups --describe --state --group "$TOPIC" | grep -q Stable'
  wait_for "its commit" eval 'group_offsets "$TOPIC" | grep -q "0 10 10 0"'
  kafka consumer-groups --describe --members --verbose --group "$TOPIC" 2>/dev/null | anonymous | table
  kafka consumer-groups --describe --group "$TOPIC" 2>/dev/null | anonymous | table
  group_state "$TOPIC"
  echo "reset while it lives:" && kafka consumer-groups --reset-offsets --to-earliest --execute --group "$TOPIC" --topic "$TOPIC" 2>&1 | grep -c inactive
  echo "delete while it lives:" && exception kafka consumer-groups --delete --group "$TOPIC"
  echo "delete its offsets:" && exception kafka consumer-groups --delete-offsets --group "$TOPIC" --topic "$TOPIC"
  stop_members
}

check_groups_reset_offsets() {
  create_topic "$TOPIC" 2
  numbers 10 | k -P -t "$TOPIC" -p 0
  numbers 20 | k -P -t "$TOPIC" -p 1
  consume_in_group "$TOPIC" "$TOPIC" 30 | wc -l
  group_offsets "$TOPIC"
  for reset in --to-earliest "--to-offset 5" "--shift-by 2" "--shift-by -1" --to-latest "--by-duration PT1H" --to-current; do
    echo "$reset:"
    # shellcheck disable=SC2086 # an option and its value
    kafka consumer-groups --reset-offsets $reset --execute --group "$TOPIC" --topic "$TOPIC" | table
  done
  kafka consumer-groups --reset-offsets --to-earliest --dry-run --group "$TOPIC" --topic "$TOPIC:1" | table
  group_offsets "$TOPIC"
  consume_in_group "$TOPIC" "$TOPIC" 30 | wc -l
}

check_groups_delete() {
  create_topic "$TOPIC" 1
  numbers 3 | k -P -t "$TOPIC"
  consume_in_group "$TOPIC" "$TOPIC" 3 | wc -l
  kafka consumer-groups --delete-offsets --group "$TOPIC" --topic "$TOPIC" | table
  group_offsets "$TOPIC"
  kafka consumer-groups --delete --group "$TOPIC" 2>&1 | table
  echo "not there:" && exception kafka consumer-groups --delete --group "$TOPIC"
  echo "describe:" && exception kafka consumer-groups --describe --group "$TOPIC"
}

check_groups_offsets_leave_with_their_topic() {
  create_topic "$TOPIC" 1
  create_topic "$TOPIC-kept" 1
  for topic in "$TOPIC" "$TOPIC-kept"; do
    numbers 3 | k -P -t "$topic"
    consume_in_group "$topic" "$TOPIC" 3 | wc -l
  done
  kafka topics --delete --topic "$TOPIC"
  wait_for "the offsets are gone" eval '! group_offsets "$TOPIC" | grep -q "^$TOPIC "'
  group_offsets "$TOPIC"
}

# All members together have each partition once, and together they have read everything.
members_share_the_work() {
  create_topic "$TOPIC" 6
  start_member --assignment-strategy "$1"
  start_member --assignment-strategy "$1"
  wait_for "two members" eval '[[ $(kafka consumer-groups --describe --members --group "$TOPIC" | grep -c "^$TOPIC .* 3 *$") -eq 2 ]]'
  kafka consumer-groups --describe --members --group "$TOPIC" 2>/dev/null | awk '$1 == "'"$TOPIC"'" {print $NF}'
  numbers 600 | awk '{print $1 "=" $1}' | k -P -t "$TOPIC" -K=
  wait_for "all is committed" eval '[[ $(group_offsets "$TOPIC" | awk "{sum += \$3} END {print sum}") -eq 600 ]]'
  group_state "$TOPIC" | awk '{print $NF, $(NF - 1), $(NF - 2)}'
  stop_members
  group_state "$TOPIC" | awk '{print $NF}'
}

check_groups_two_members_range() {
  members_share_the_work org.apache.kafka.clients.consumer.RangeAssignor
}

check_groups_two_members_cooperative() {
  members_share_the_work org.apache.kafka.clients.consumer.CooperativeStickyAssignor
}

check_groups_java_and_librdkafka_together() {
  local kcat_pid
  create_topic "$TOPIC" 4
  start_member --reset-policy earliest
  kcat -q -u -b "$BROKER" -G "$TOPIC" -X partition.assignment.strategy=range -X auto.offset.reset=earliest \
    -X session.timeout.ms=6000 "$TOPIC" >kcat.out 2>/dev/null &
  kcat_pid=$!
  wait_for "two members" eval '[[ $(kafka consumer-groups --describe --members --group "$TOPIC" | grep -c "^$TOPIC .* 2 *$") -eq 2 ]]'
  numbers 400 | awk '{print $1 "=" $1}' | k -P -t "$TOPIC" -K=
  wait_for "kcat has its half" eval '[[ $(wc -l <kcat.out) -gt 50 ]]'
  kill -9 "$kcat_pid"
  wait_for "the other takes over" eval 'kafka consumer-groups --describe --members --group "$TOPIC" | grep -q "^$TOPIC .* 4 *$"'
  wait_for "all is committed" eval '[[ $(group_offsets "$TOPIC" | awk "{sum += \$3} END {print sum}") -eq 400 ]]'
  group_offsets "$TOPIC" | wc -l
  stop_members
}

check_groups_static_member_returns() {
  create_topic "$TOPIC" 2
  start_member --group-instance-id shop
  wait_for "a member" eval 'kafka consumer-groups --describe --state --group "$TOPIC" | grep -q Stable'
  kill -9 "${members[0]}"
  wait "${members[0]}" || true
  start_member --group-instance-id shop
  wait_for "it is back" eval 'grep -q partitions_assigned member.1'
  kafka consumer-groups --describe --members --verbose --group "$TOPIC" 2>/dev/null | anonymous | table
  kafka consumer-groups --describe --group "$TOPIC" 2>/dev/null | grep -c shop
  stop_members
}
