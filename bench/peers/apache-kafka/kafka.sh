#!/usr/bin/env bash
# Apache Kafka (KRaft, one node, no container) for tests and benchmarks:
#
#   kafka.sh install DIR          fetch Kafka and its tools with Maven into DIR/libs
#   kafka.sh start DIR PORT       format on first use, start in the background, wait until it answers
#   kafka.sh prepare DIR PORT     make brokers of DIR start in a third of the time from now on, and run slower: for tests;
#                                 tools start in half the time
#   kafka.sh stop DIR [PORT]      stop the broker on PORT, or every broker started from DIR
#   kafka.sh tool DIR NAME ARGS   run a console tool: topics, configs, consumer-groups, console-producer,
#                                 console-consumer, producer-perf-test, consumer-perf-test,
#                                 verifiable-producer, verifiable-consumer, delete-records, get-offsets,
#                                 broker-api-versions, transactions, …, or any class name of Kafka's
#
# A broker keeps its data, configuration, log and pid in DIR/broker-PORT; remove that folder to forget it.
# KAFKA_HEAP_MB (default 768) bounds the broker's memory.
# With KAFKA_SASL_PASSWORD set, start lets in only the user `kafkloud` with it, by SASL within TLS (PLAIN, SCRAM), and whoever
# has an unsigned token (OAUTHBEARER); DIR/broker-PORT/ca.pem is the authority of its certificate. It takes PORT and the next two.
# With KAFKA_JOIN=PORT set, start adds a broker to the (open) cluster whose first one is on that port; KAFKA_COPIES (default 1) is the
# replication factor of topics for which nobody says one, and of Kafka's own; all copies but one have to be in sync.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
  echo "kafka.sh: $*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
}

need() {
  command -v "$1" >/dev/null || die "$1 is missing; on Debian or Ubuntu: apt-get install $2"
}

need_installed() {
  need java default-jdk-headless
  compgen -G "$1/libs/kafka_*.jar" >/dev/null || die "no Kafka in $1; run: kafka.sh install $1"
}

install() {
  local dir=$1
  if compgen -G "$dir/libs/kafka_*.jar" >/dev/null; then return; fi
  need java default-jdk-headless
  need mvn maven
  mkdir -p "$dir/libs"
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$(cd "$dir/libs" && pwd)"
}

write_config() {
  local home=$1 port=$2 copies=${KAFKA_COPIES:-1}
  local in_sync=$((copies > 1 ? copies - 1 : 1)) id=1 roles=broker,controller controller=$((port + 1)) listeners=PLAINTEXT://127.0.0.1:$port
  # The first broker is the controller too; others need but a number of their own.
  if [[ -n ${KAFKA_JOIN:-} ]]; then
    id=$port roles=broker controller=$((KAFKA_JOIN + 1))
  else
    listeners+=,CONTROLLER://127.0.0.1:$controller
  fi
  cat >"$home/server.properties" <<CONFIG
process.roles=$roles
node.id=$id
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=$listeners
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$home/data
auto.create.topics.enable=true
num.partitions=1
num.network.threads=2
num.io.threads=4
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
CONFIG
  cat >"$home/log4j2.properties" <<'CONFIG'
rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
CONFIG
}

# Replaces the open listener by one that asks who is there. The broker itself uses another one, of this machine only.
write_secure_config() {
  local home=$1 port=$2 module=org.apache.kafka.common.security
  make_certificate "$home"
  cat "$home/server.key" "$home/server.pem" >"$home/keystore.pem"
  grep -vE '^(listeners|advertised.listeners|listener.security.protocol.map)=' "$home/server.properties" >"$home/open.properties"
  cat "$home/open.properties" - >"$home/server.properties" <<CONFIG
listeners=SASL_SSL://127.0.0.1:$port,INTERNAL://127.0.0.1:$((port + 2)),CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=SASL_SSL://127.0.0.1:$port,INTERNAL://127.0.0.1:$((port + 2))
listener.security.protocol.map=SASL_SSL:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INTERNAL
ssl.keystore.type=PEM
ssl.keystore.location=$home/keystore.pem
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config=$module.plain.PlainLoginModule required user_kafkloud="$KAFKA_SASL_PASSWORD";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=$module.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:kafkloud;User:ANONYMOUS
CONFIG
}

# An authority, and by it a certificate for 127.0.0.1, both for a day.
make_certificate() {
  local home=$1
  if [[ -e $home/server.pem ]]; then return; fi
  need openssl openssl
  (
    cd "$home"
    openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=authority -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /CN=broker -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -out server.pem \
      -extfile <(echo subjectAltName=IP:127.0.0.1)
  ) >"$home/openssl.log" 2>&1 || die "openssl makes no certificate, see $home/openssl.log"
}

answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Makes the broker's folder, with its configuration and formatted data.
configure() {
  local dir=$1 port=$2 home=$1/broker-$2 users=()
  # Before anything is written: it may be this very broker that runs.
  if answers "$port"; then die "port $port is taken"; fi
  mkdir -p "$home"
  if [[ -n ${KAFKA_SASL_PASSWORD:-} && ! -e $home/data && $(cat "$dir/prepared/password" 2>/dev/null) == "$KAFKA_SASL_PASSWORD" ]]; then
    cp -r "$dir/prepared"/{data,*.pem,*.key} "$home"
  fi
  write_config "$home" "$port"
  if [[ -n ${KAFKA_SASL_PASSWORD:-} ]]; then
    write_secure_config "$home" "$port"
    for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
      users+=(--add-scram "$mechanism=[name=kafkloud,password=$KAFKA_SASL_PASSWORD]")
    done
  fi
  if [[ -e $home/data/meta.properties ]]; then return; fi
  (tool "$dir" kafka.tools.StorageTool format --cluster-id kafkloud-reference-00 \
    --config "$home/server.properties" ${users[@]+"${users[@]}"} >"$home/format.log" 2>&1) || die "formatting failed, see $home/format.log"
}

launch() { # DIR PORT, flags of the JVM
  local dir=$1 port=$2 home=$1/broker-$2 heap=${KAFKA_HEAP_MB:-768} pid
  : >"$home/server.log"
  # setsid: the broker outlives this script and the terminal it was started from.
  setsid nohup java "-Xms${heap}m" "-Xmx${heap}m" "${@:3}" \
    "-Dlog4j2.configurationFile=$home/log4j2.properties" -cp "$dir/libs/*" \
    kafka.Kafka "$home/server.properties" >>"$home/server.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid" >"$home/pid"
  for _ in $(seq 600); do
    kill -0 "$pid" 2>/dev/null || die "the broker ended at start, see $home/server.log"
    if grep -q "Kafka Server started" "$home/server.log" && answers "$port"; then return; fi
    sleep 0.1
  done
  die "no answer within 60 s, see $home/server.log"
}

# For what runs shortly: the second compiler pays off after minutes only, and so does a collector that runs beside the work.
readonly QUICK=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC)

# Runs a broker once and keeps what the next ones need not make again: formatted data, a certificate, and an archive of Kafka's classes.
prepare() {
  local dir home=$1/broker-$2 kept=$1/preparing
  need_installed "$1"
  dir=$(cd "$1" && pwd)
  if [[ -d $dir/prepared ]]; then return; fi
  rm -rf "$kept"
  configure "$dir" "$2"
  cp -r "$home" "$kept"
  echo "${KAFKA_SASL_PASSWORD:-}" >"$kept/password"
  launch "$dir" "$2" "${QUICK[@]}" "-XX:ArchiveClassesAtExit=$dir/preparing/classes.jsa"
  stop "$dir" "$2"
  rm -rf "$home"
  mv "$kept" "$dir/prepared"
}

start() {
  local dir flags=(-XX:+UseG1GC -XX:MaxGCPauseMillis=20)
  need_installed "$1"
  dir=$(cd "$1" && pwd)
  configure "$dir" "$2"
  # An archive of another Java is passed over.
  if [[ -d $dir/prepared ]]; then flags=("${QUICK[@]}" "-XX:SharedArchiveFile=$dir/prepared/classes.jsa"); fi
  launch "$dir" "$2" "${flags[@]}"
  echo "Apache Kafka answers at 127.0.0.1:$2"
}

stop() {
  local file pid
  for file in "$1"/broker-${2:-*}/pid; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 300); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    if kill -9 "$pid" 2>/dev/null; then echo "kafka.sh: broker $pid had to be killed" >&2; fi
    rm -f "$file"
  done
}

tool_class() {
  case $1 in
    topics) echo org.apache.kafka.tools.TopicCommand ;;
    configs) echo kafka.admin.ConfigCommand ;;
    consumer-groups) echo org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    console-producer) echo org.apache.kafka.tools.ConsoleProducer ;;
    console-consumer) echo org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    producer-perf-test) echo org.apache.kafka.tools.ProducerPerformance ;;
    consumer-perf-test) echo org.apache.kafka.tools.ConsumerPerformance ;;
    verifiable-producer) echo org.apache.kafka.tools.VerifiableProducer ;;
    verifiable-consumer) echo org.apache.kafka.tools.VerifiableConsumer ;;
    delete-records) echo org.apache.kafka.tools.DeleteRecordsCommand ;;
    get-offsets) echo org.apache.kafka.tools.GetOffsetShell ;;
    broker-api-versions) echo org.apache.kafka.tools.BrokerApiVersionsCommand ;;
    transactions) echo org.apache.kafka.tools.TransactionsCommand ;;
    dump-log) echo kafka.tools.DumpLogSegments ;;
    *.*) echo "$1" ;;
    *) die "no tool named $1; give its class name" ;;
  esac
}

tool() {
  local dir class
  need_installed "$1"
  dir=$(cd "$1" && pwd)
  class=$(tool_class "$2")
  shift 2
  # The broker's archive, where one was made, has most of what a client needs. No warnings of the logger on the output. The tool
  # takes the place of this script, so that a caller's signals reach it.
  exec java -Xmx256m "${QUICK[@]}" "-XX:SharedArchiveFile=$dir/prepared/classes.jsa" \
    "-Dlog4j2.configurationFile=$here/tools-log4j2.properties" -cp "$dir/libs/*" "$class" "$@"
}

case ${1:-} in
  install) [[ $# -eq 2 ]] || die "usage: kafka.sh install DIR"; install "$2" ;;
  prepare) [[ $# -eq 3 ]] || die "usage: kafka.sh prepare DIR PORT"; prepare "$2" "$3" ;;
  start) [[ $# -eq 3 ]] || die "usage: kafka.sh start DIR PORT"; start "$2" "$3" ;;
  stop) [[ $# -ge 2 ]] || die "usage: kafka.sh stop DIR [PORT]"; stop "${@:2}" ;;
  tool) [[ $# -ge 3 ]] || die "usage: kafka.sh tool DIR NAME ARGS"; tool "${@:2}" ;;
  -h | --help | help | "") usage ;;
  *) die "no command $1; see kafka.sh --help" ;;
esac
