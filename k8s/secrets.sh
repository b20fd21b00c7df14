#!/usr/bin/env bash
# Writes the secrets of an overlay into k8s/overlays/OVERLAY/secrets, which git ignores, as far as they are not there:
#
#   k8s/secrets.sh OVERLAY                  makes them
#   k8s/secrets.sh OVERLAY --from-cluster   takes those that the cluster has, and makes the others: a second clone must not lock out
#                                           the databases of the first
#
# To renew one, delete its file (for Kafka's certificates: all of kafka-*), call this without --from-cluster, then `make recreate-k8s`.
set -euo pipefail
umask 077

overlay=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "$overlay" ] || [ ! -d "$here/overlays/$overlay" ]; then
  echo "usage: k8s/secrets.sh local|cloud [--from-cluster]" >&2
  exit 2
fi
"$here/../make/need.sh" openssl
mkdir -p "$here/overlays/$overlay/secrets"
cd "$here/overlays/$overlay/secrets"

# The certificates are good for two years; `openssl x509 -enddate` tells.
days=730

from_cluster() { # SECRET KEY FILE
  local value
  [ -f "$3" ] && return
  value=$(${KUBECTL:-kubectl} --namespace kafkloud get secret "$1" --ignore-not-found --output "go-template={{index .data \"$2\"}}")
  case $value in
    "" | "<no value>") ;;
    *) base64 -d <<<"$value" >"$3" ;;
  esac
}

random() { # FILE
  [ -f "$1" ] || openssl rand -hex 32 | tr -d '\n' >"$1"
}

authority() {
  [ -f kafka-ca.crt ] && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days -subj "/CN=kafkloud Kafka CA" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" -keyout kafka-ca.key -out kafka-ca.crt 2>/dev/null
}

# Key and certificate in PKCS #8 and PEM, each alone and both in one file, which is what Java reads.
certificate() { # NAME USAGE NAMES
  [ -f "kafka-$1.pem" ] && return
  [ -f kafka-ca.key ] || { echo "secrets: the key of Kafka's authority is not here: delete $PWD/kafka-*, and call this again" >&2; exit 1; }
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "kafka-$1.key" 2>/dev/null
  openssl req -new -key "kafka-$1.key" -subj "/CN=kafkloud-$1" |
    openssl x509 -req -days $days -CA kafka-ca.crt -CAkey kafka-ca.key -CAcreateserial -out "kafka-$1.crt" \
      -extfile <(printf 'extendedKeyUsage=%s\nsubjectAltName=%s\n' "$2" "$3") 2>/dev/null
  cat "kafka-$1.key" "kafka-$1.crt" >"kafka-$1.pem"
}

if [ "${2:-}" = --from-cluster ]; then
  from_cluster tokens api-token api-token
  from_cluster tokens viewer-token viewer-token
  from_cluster session key session-key
  from_cluster postgres password postgres-password
  from_cluster qdrant api-key qdrant-api-key
  from_cluster kafkaui password kafkaui-password
  from_cluster kafka-client ca.crt kafka-ca.crt
  from_cluster kafka-client client.crt kafka-client.crt
  from_cluster kafka-client client.key kafka-client.key
  from_cluster kafka-client client.pem kafka-client.pem
  from_cluster kafka-broker broker.pem kafka-broker.pem
fi

for file in api-token viewer-token session-key postgres-password qdrant-api-key kafkaui-password; do
  random "$file"
done
printf 'postgres://kafkloud:%s@postgres-svc:5432/kafkloud' "$(cat postgres-password)" >postgres-url

if [ "$overlay" = cloud ]; then
  authority
  services=DNS:broker-svc,DNS:broker-svc.kafkloud,DNS:broker-svc.kafkloud.svc,DNS:broker-svc.kafkloud.svc.cluster.local
  certificate broker serverAuth,clientAuth "$services,DNS:*.broker-headless.kafkloud.svc,DNS:*.broker-headless.kafkloud.svc.cluster.local"
  certificate client clientAuth DNS:kafkloud-client
  printf enable >kafka-tls
else
  printf disable >kafka-tls
fi
