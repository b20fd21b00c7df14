#!/usr/bin/env bash
# Prints the manifests of one overlay with optional components:
#
#   OVERLAY=local|cloud K8S_COMPONENTS="keda mesh" REGISTRY=… TAG=… k8s/render.sh
#
# The secrets of the overlay must be there: k8s/secrets.sh writes them.
set -euo pipefail
cd "$(dirname "$0")"

overlay=${OVERLAY:-local}
registry=${REGISTRY:-docker.io/kafkloud}
tag=${TAG:-latest}

die() {
  echo "render: $*" >&2
  exit 1
}

[ -d "overlays/$overlay" ] || die "there is no overlay $overlay: $(echo overlays/*)"
[ -f "overlays/$overlay/secrets/api-token" ] || die "there are no secrets yet: k8s/secrets.sh $overlay writes them"

# Beside the overlays, as kustomize goes by relative paths; each call has its own, so that several may render at once.
work=$(mktemp -d rendered.XXXXXX)
trap 'rm -rf "$work"' EXIT

{
  echo "apiVersion: kustomize.config.k8s.io/v1beta1"
  echo "kind: Kustomization"
  echo "namespace: kafkloud"
  echo "resources: [../overlays/$overlay]"
  echo "components:"
  # In the order of the alphabet: strimzi and external-kafka also change what keda has brought.
  for component in $(tr -s ', ' '\n' <<<"${K8S_COMPONENTS:-}" | sort -u); do
    [ -d "components/$component" ] || die "there is no component $component: $(echo components/*)"
    echo "  - ../components/$component"
  done
  # What `k8s.sh` goes by.
  echo "labels: [{pairs: {app.kubernetes.io/part-of: kafkloud}, includeTemplates: true}]"
  echo "images:"
  for image in portal producer consumer seer; do
    echo "  - {name: kafkloud/$image, newName: $registry/$image, newTag: \"$tag\"}"
  done
} | sed -z 's/components:\nlabels/labels/' >"$work/kustomization.yaml"

${KUBECTL:-kubectl} kustomize "$work"
