#!/usr/bin/env bash
# Kafkloud on the cluster that kubectl talks to; with COMPONENT that part alone (portal, producer, consumer, seer, streamer, qdrant, postgres, kafkaui):
#
#   k8s.sh apply [COMPONENT]      creates or updates it; a second time changes nothing
#   k8s.sh query [COMPONENT]      shows what is there and how it does
#   k8s.sh recreate [COMPONENT]   applies, starts the pods anew one after another, and waits until all are ready
#   k8s.sh attach [COMPONENT]     forwards the ports to this machine until Ctrl-C, and prints the portal's address with its sign-in link
#   k8s.sh delete [COMPONENT]     deletes it; without COMPONENT with all data, with it without its volumes
#
# OVERLAY (local or cloud), K8S_COMPONENTS, REGISTRY, TAG and KUBECTL choose what and where.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/../make/need.sh" "${KUBECTL:-kubectl}" openssl curl

parts="portal producer consumer seer streamer qdrant postgres kafkaui"
label=app.kubernetes.io/name
component=${2:-}
[ -z "$component" ] || grep -qw -- "$component" <<<"$parts" || { echo "k8s: there is no $component: $parts" >&2; exit 2; }

kubectl() { command "${KUBECTL:-kubectl}" "$@"; }
in_namespace() { kubectl --namespace kafkloud "$@"; }

# What the component has, and what all share: the namespace, addresses, secrets.
component_and_shared() {
  if [ -z "$component" ]; then
    echo app.kubernetes.io/part-of=kafkloud
  else
    echo "$label notin ($(tr ' ' '\n' <<<"$parts" | grep -vx "$component" | paste -sd,))"
  fi
}

component_alone() {
  if [ -z "$component" ]; then echo app.kubernetes.io/part-of=kafkloud; else echo "$label=$component"; fi
}

apply() {
  "$here/secrets.sh" "${OVERLAY:-local}" --from-cluster
  # The manifests own their fields: what somebody changed by hand is put right.
  "$here/render.sh" | kubectl apply --server-side --force-conflicts --field-manager=kafkloud --selector "$(component_and_shared)" --filename -
}

query() {
  in_namespace get deployments,statefulsets,pods,services,horizontalpodautoscalers,persistentvolumeclaims --selector "$(component_alone)" --output wide
}

recreate() {
  apply
  local workload
  for workload in $(in_namespace get deployments,statefulsets --selector "$(component_alone)" --output name); do
    in_namespace rollout restart "$workload"
  done
  for workload in $(in_namespace get deployments,statefulsets --selector "$(component_alone)" --output name); do
    in_namespace rollout status "$workload" --timeout "${TIMEOUT:-10m}"
  done
}

delete() {
  # To name what is there it needs files, not what stands in them.
  "$here/secrets.sh" "${OVERLAY:-local}"
  "$here/render.sh" | kubectl delete --ignore-not-found --wait --timeout "${TIMEOUT:-5m}" --selector "$(component_alone)" --filename -
}

attach() {
  local forward target pod=
  local -a forwards=(portal-svc:3000 producer-svc:8000 consumer-svc:8072 seer-svc:8030 qdrant-svc:6333 kafkaui-svc:8060) forwarders=()
  if [ -z "$component" ] || [ "$component" = portal ]; then
    pod=$(in_namespace get pods --selector $label=portal --field-selector status.phase=Running --output name | head -n 1)
    [ -n "$pod" ] || { echo "k8s: no portal is running: k8s.sh query portal" >&2; exit 1; }
  fi
  # Another clone may have made them.
  "$here/secrets.sh" "${OVERLAY:-local}" --from-cluster
  trap 'kill "${forwarders[@]}" 2>/dev/null || true' EXIT
  for forward in "${forwards[@]}"; do
    [ -z "$component" ] || [ "${forward%-svc:*}" = "$component" ] || continue
    # Of several portals the one whose link is printed below.
    case $forward in
      portal-svc:*) target=$pod ;;
      *) target=service/${forward%:*} ;;
    esac
    # Not by the function above: its number would be that of a shell around kubectl.
    "${KUBECTL:-kubectl}" --namespace kafkloud port-forward "$target" "${forward#*:}" >/dev/null &
    forwarders+=($!)
    echo "${forward%-svc:*}: http://127.0.0.1:${forward#*:}"
  done
  [ ${#forwarders[@]} -gt 0 ] || { echo "k8s: $component has no port for people" >&2; exit 1; }
  if [ -n "$pod" ]; then print_link "$pod"; fi
  echo "Programs send the token in k8s/overlays/${OVERLAY:-local}/secrets/api-token as Authorization: Bearer …. Ctrl-C ends."
  wait -n || true
  echo "k8s: a connection has ended, probably with its pod: make attach-k8s makes it anew" >&2
  exit 1
}

# A new one from the portal, whose answer bears its public address; it is good for any replica. Before the port is forwarded nobody answers.
print_link() { # POD
  local token=
  for _ in $(seq 20); do
    token=$(curl --silent --fail --request POST --header "Authorization: Bearer $(cat "$here/overlays/${OVERLAY:-local}/secrets/api-token")" \
      http://127.0.0.1:3000/api/sign-in-link | grep -o 'sign-in?token=[A-Za-z0-9._~-]*' || true)
    [ -z "$token" ] || break
    sleep 0.5
  done
  # Without the token of this cluster: the one that it wrote into its log when it started.
  [ -n "$token" ] || token=$(in_namespace logs "$1" | grep -o 'sign-in?token=[A-Za-z0-9._~-]*' | tail -n 1 || true)
  echo "Sign in, once and within a day, by: http://127.0.0.1:3000/${token:-  (there is no link in the log of $1)}"
}

case ${1:-} in
  apply | query | recreate | attach | delete) "$1" ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 2
    ;;
esac
