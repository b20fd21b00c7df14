#!/usr/bin/env bash
# need.sh TOOL…: ends with a message for each tool that is missing: what it is for and how to get it.
set -euo pipefail

how_to_get() {
  case $1 in
    docker) echo "builds and runs images: https://docs.docker.com/engine/install, or take podman instead: DOCKER=podman" ;;
    podman) echo "builds and runs images: Debian, Ubuntu and Homebrew have it as podman" ;;
    podman-compose) echo "runs docker/compose.yaml with podman: apt-get install podman-compose, or pip install podman-compose" ;;
    kubectl) echo "talks to a Kubernetes cluster: https://kubernetes.io/docs/tasks/tools; KUBECTL=… names another one" ;;
    kind) echo "runs a cluster in Docker: https://kind.sigs.k8s.io, or: go install sigs.k8s.io/kind@latest" ;;
    minikube) echo "runs a cluster on this machine: https://minikube.sigs.k8s.io/docs/start" ;;
    curl) echo "asks the containers: Debian, Ubuntu and Homebrew have it as curl" ;;
    openssl) echo "makes tokens and certificates: Debian, Ubuntu and Homebrew have it as openssl" ;;
    python3) echo "runs the checks: Debian, Ubuntu and Homebrew have it as python3" ;;
    go) echo "builds the control plane of the tests: https://go.dev/dl, 1.24 or later" ;;
    etcd) echo "is the control plane's store: apt-get install etcd-server" ;;
    java) echo "runs Strimzi's generator: apt-get install default-jdk-headless" ;;
    mvn) echo "fetches Strimzi's generator: apt-get install maven" ;;
    *) echo "comes with the package manager of your system" ;;
  esac
}

missing=0
for tool in "$@"; do
  command -v "$tool" >/dev/null 2>&1 && continue
  echo "$(basename "$tool") is missing. It $(how_to_get "$(basename "$tool")")" >&2
  missing=1
done
[ $missing = 0 ] || { echo "Then run the same make target again." >&2; exit 1; }
