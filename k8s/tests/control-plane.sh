#!/usr/bin/env bash
# A real control plane of Kubernetes on loopback, for trying the manifests: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok,
# which plays nodes on which pods seem to run. No container runs and no network policy is enforced.
#
#   control-plane.sh build   builds it once from Go modules (about 10 minutes on 2 cores); needs go, openssl and Debian's etcd-server
#   control-plane.sh start   starts it and prints its KUBECONFIG
#   control-plane.sh stop
#
# CONTROL_PLANE_DIR holds programs and state (default: ~/.cache/kafkloud/k8s), CONTROL_PLANE_PORT is the first of 15 ports that it may take (18443).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=1.33.13
kwok_version=0.7.0
dir=${CONTROL_PLANE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kafkloud/k8s}
bin=$dir/$version
run=$dir/run
port=${CONTROL_PLANE_PORT:-18443}
etcd_port=$((port + 10))
parts=(etcd kube-apiserver kube-controller-manager kube-scheduler kwok)
kubectl=${KUBECTL:-kubectl}

die() {
  echo "control-plane: $*" >&2
  exit 1
}

# k8s.io/kubernetes takes its parts from folders of its own repository; as modules they have versions that begin with 0 instead of 1.
write_module() {
  local manifest
  manifest=$(GOFLAGS=-mod=mod go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  {
    echo "module control-plane"
    grep '^go ' "$manifest"
    awk '/^godebug \(/,/^\)/' "$manifest"
    echo "require k8s.io/kubernetes v$version"
    awk '/^replace/,/^\)/' "$manifest" | sed -E "s#=> \./staging/src/([^ ]+)#=> \1 v0.${version#1.}#"
  } >go.mod
}

build() {
  [ -x "$bin/kwok" ] && return
  "$here/../../make/need.sh" go etcd
  echo "building Kubernetes' control plane once (about 10 minutes on 2 cores)"
  mkdir -p "$bin" "$dir/source"
  cd "$dir/source"
  write_module
  local package=k8s.io/component-base/version flags part
  flags="-s -w -X $package.gitVersion=v$version -X $package.gitMajor=1 -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
  for part in kube-apiserver kube-controller-manager kube-scheduler; do
    GOFLAGS=-mod=mod CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$bin/" "k8s.io/kubernetes/cmd/$part"
  done
  # The last one: it stands for all.
  GOFLAGS='' GOBIN=$bin CGO_ENABLED=0 go install "sigs.k8s.io/kwok/cmd/kwok@v$kwok_version"
}

stop() {
  local part pid
  for part in "${parts[@]}"; do
    [ -f "$run/$part.pid" ] || continue
    pid=$(<"$run/$part.pid")
    # Another process may have got its number meanwhile.
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${part:0:15}" ]; then
      kill "$pid"
      for _ in $(seq 50); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
      kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$run/$part.pid"
  done
}

launch() { # NAME PROGRAM FLAGS…
  local name=$1
  shift
  nohup "$@" >"$run/$name.log" 2>&1 </dev/null &
  echo $! >"$run/$name.pid"
}

await() { # WHAT COMMAND…
  local what=$1
  shift
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  die "$what: see $run/*.log"
}

write_kubeconfig() { # TOKEN
  cat >"$run/kubeconfig" <<K
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "https://127.0.0.1:$port", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "$1"}}]
contexts: [{name: local, context: {cluster: local, user: admin, namespace: default}}]
current-context: local
K
}

start_api_server() {
  local token
  token=$(openssl rand -hex 16)
  openssl genrsa -out "$run/sa.key" 2048 2>/dev/null
  openssl rsa -in "$run/sa.key" -pubout -out "$run/sa.pub" 2>/dev/null
  echo "$token,admin,admin,\"system:masters\"" >"$run/tokens.csv"
  write_kubeconfig "$token"
  launch etcd etcd --data-dir "$run/etcd" --log-level warn \
    --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$((etcd_port + 1))" --initial-advertise-peer-urls "http://127.0.0.1:$((etcd_port + 1))" \
    --initial-cluster "default=http://127.0.0.1:$((etcd_port + 1))"
  launch kube-apiserver "$bin/kube-apiserver" --etcd-servers="http://127.0.0.1:$etcd_port" --bind-address=127.0.0.1 \
    --advertise-address=127.0.0.1 --secure-port="$port" --cert-dir="$run/certs" --service-cluster-ip-range=10.96.0.0/16 \
    --service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file="$run/sa.key" \
    --service-account-key-file="$run/sa.pub" --token-auth-file="$run/tokens.csv" --authorization-mode=RBAC --endpoint-reconciler-type=none
  await "the API server does not become ready" "$kubectl" get --raw /readyz
  await "the API server has no namespace" "$kubectl" get namespace default
}

# Nobody makes volumes here when a claim asks for one.
add_volumes() {
  local number
  for number in $(seq 20); do
    "$kubectl" apply -f - >/dev/null <<V
apiVersion: v1
kind: PersistentVolume
metadata: {name: volume-$number}
spec:
  capacity: {storage: 100Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: /nowhere/$number}
V
  done
}

# Two nodes in two zones, large enough for everything.
add_nodes() {
  local node capacity='cpu: "32", memory: 128Gi, pods: "110", ephemeral-storage: 200Gi'
  for node in a b; do
    "$kubectl" apply -f - >/dev/null <<N
apiVersion: v1
kind: Node
metadata:
  name: node-$node
  labels: {kubernetes.io/hostname: node-$node, kubernetes.io/os: linux, kubernetes.io/arch: amd64, topology.kubernetes.io/zone: zone-$node}
  annotations: {kwok.x-k8s.io/node: fake}
status:
  allocatable: {$capacity}
  capacity: {$capacity}
N
  done
}

start() {
  [ -x "$bin/kwok" ] || die "not built: control-plane.sh build"
  "$here/../../make/need.sh" openssl etcd "$kubectl"
  umask 077
  stop
  rm -rf "$run"
  mkdir -p "$run/certs"
  export KUBECONFIG=$run/kubeconfig
  start_api_server
  launch kube-controller-manager "$bin/kube-controller-manager" --kubeconfig="$KUBECONFIG" --leader-elect=false --bind-address=127.0.0.1 \
    --secure-port=$((port + 1)) --cert-dir="$run/certs" --service-account-private-key-file="$run/sa.key" \
    --use-service-account-credentials=false --controllers='*,-nodeipam,-cloud-node-lifecycle-controller'
  launch kube-scheduler "$bin/kube-scheduler" --kubeconfig="$KUBECONFIG" --leader-elect=false --bind-address=127.0.0.1 \
    --secure-port=$((port + 2)) --cert-dir="$run/certs"
  launch kwok "$bin/kwok" --kubeconfig="$KUBECONFIG" --manage-all-nodes=true --cidr=10.244.0.0/16 --node-ip=127.0.0.1 \
    --server-address=127.0.0.1:$((port + 3))
  add_nodes
  add_volumes
  echo "$KUBECONFIG"
}

case ${1:-} in
  build | start | stop) "$1" ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
    exit 2
    ;;
esac
