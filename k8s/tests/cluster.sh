#!/usr/bin/env bash
# cluster.sh CRDS: puts the manifests on a real API server and takes them off again: the one of KUBECONFIG, or one that control-plane.sh starts.
# On a foreign cluster only what needs no custom objects, as their definitions are not ours to install.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
crds=$1
export TAG=checked
kubectl=${KUBECTL:-kubectl}
foreign=${KUBECONFIG:-}

die() {
  echo "cluster: $*" >&2
  exit 1
}

in_namespace() { "$kubectl" --namespace kafkloud "$@"; }

await() { # WHAT COMMAND…
  local what=$1
  shift
  for _ in $(seq 300); do
    "$@" && return
    sleep 0.2
  done
  "$kubectl" get pods,events --namespace kafkloud >&2 || true
  die "$what"
}

# At least as many pods as are named, and each on a node.
scheduled() {
  local pods
  pods=$(in_namespace get pods --output "jsonpath={range .items[*]}{.spec.nodeName}{'\n'}{end}")
  [ "$(grep -c . <<<"$pods")" -ge "$1" ] && [ "$(in_namespace get pods --output name | wc -l)" = "$(grep -c . <<<"$pods")" ]
}

running() {
  [ -z "$(in_namespace get pods --field-selector status.phase!=Running --output name)" ]
}

# What the API server would change if it were applied once more.
unchanged() {
  "$here/../render.sh" | "$kubectl" diff --server-side --force-conflicts --field-manager=kafkloud --filename - >&2 ||
    die "$OVERLAY: applied a second time, something changes"
}

# Generations count changes of what was asked for.
generations() {
  in_namespace get deployments,statefulsets,services,networkpolicies,horizontalpodautoscalers,configmaps,secrets --output \
    "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.generation}{'\n'}{end}"
}

established() {
  "$kubectl" wait --for condition=established --all customresourcedefinitions --timeout 5s >/dev/null 2>&1
}

refuses_privileges() {
  if in_namespace run intruder --image=busybox --privileged 2>/dev/null; then die "a privileged pod was let in"; fi
}

apply() {
  "$here/../k8s.sh" apply >"$log" 2>&1 || { cat "$log" >&2; die "$OVERLAY is not accepted"; }
  if grep -i "warning" "$log" >&2; then die "$OVERLAY: the API server warns"; fi
}

gone() {
  "$here/../k8s.sh" delete >"$log" 2>&1 || { cat "$log" >&2; die "$OVERLAY cannot be deleted"; }
  if "$kubectl" get namespace kafkloud >/dev/null 2>&1; then die "the namespace stays"; fi
  local left
  left=$("$kubectl" get clusterroles,clusterrolebindings,persistentvolumeclaims --all-namespaces \
    --selector app.kubernetes.io/part-of=kafkloud --output name)
  [ -z "$left" ] || die "deleted, and still there: $left"
}

# OVERLAY, components, how many pods there are at least
round() {
  export OVERLAY=$1 K8S_COMPONENTS=$2
  apply
  await "$1 $2: not every pod finds a node" scheduled "$3"
  if [ -z "$foreign" ]; then await "$1 $2: not every pod runs" running; fi
  refuses_privileges
  generations >"$log.before"
  apply
  generations | diff "$log.before" - >&2 || die "$OVERLAY: a second apply has changed something"
  unchanged
  gone
  echo "cluster: $1${2:+ with $2}: accepted, every pod scheduled, a second time nothing changed, deleted nothing was left"
}

one_component() {
  export OVERLAY=local K8S_COMPONENTS=
  "$here/../k8s.sh" apply producer >"$log" 2>&1 || { cat "$log" >&2; die "the producer alone is not accepted"; }
  [ "$(in_namespace get deployments,statefulsets --output name)" = deployment.apps/producer ] || die "more than the producer was applied"
  "$here/../k8s.sh" delete producer >"$log" 2>&1
  [ -z "$(in_namespace get deployments --output name)" ] || die "the producer alone cannot be deleted"
  gone
  echo "cluster: one component alone is applied and deleted"
}

log=$(mktemp)
if [ -z "$foreign" ]; then
  # There is one control plane for all clones; what it starts must not hold the lock.
  exec 9>"$crds/../lock"
  flock 9
  "$here/control-plane.sh" build 9>&-
  trap '"$here/control-plane.sh" stop; rm -f "$log" "$log.before"' EXIT
  KUBECONFIG=$("$here/control-plane.sh" start 9>&-)
  export KUBECONFIG
elif "$kubectl" get namespace kafkloud >/dev/null 2>&1; then
  die "the cluster of KUBECONFIG has a namespace kafkloud, which this test would delete"
else
  trap 'rm -f "$log" "$log.before"' EXIT
fi

round local "" 8
round cloud "" 10
one_component
if [ -z "$foreign" ]; then
  "$kubectl" apply --server-side --filename "$crds" >/dev/null
  await "the definitions are not accepted" established
  round cloud "ingress keda mesh observability" 9
  round cloud "keda strimzi" 6
  round local "external-kafka keda" 7
fi
