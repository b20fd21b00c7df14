#!/usr/bin/env bash
# Everything of `make test-deploy`. BIN_DIR holds the built programs. With KUBECONFIG set, the last part uses that cluster, which must have no namespace
# `kafkloud`; without, it starts a control plane of its own.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export BIN_DIR=${BIN_DIR:-$root/target/debug}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kafkloud
"$root/make/need.sh" "${KUBECTL:-kubectl}" python3 openssl git
work=$(mktemp -d -t kafkloud-deploy.XXXXXX)
trap 'rm -rf "$work"' EXIT

# Versions are pinned, so the file says whether the tools are the right ones.
install_tools() {
  cmp -s "$here/requirements.txt" "$cache/deploy/requirements.txt" && return
  echo "installing what judges the manifests, into $cache/deploy"
  rm -rf "$cache/deploy"
  python3 -m venv "$cache/deploy"
  "$cache/deploy/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$cache/deploy/"
}

# Every combination of components that can be used together. The ingress is made of objects that no other component touches.
combinations() {
  local kafka keda mesh observability
  for kafka in "" strimzi external-kafka; do
    for keda in "" keda; do
      for mesh in "" mesh; do
        for observability in "" observability; do
          echo "$kafka $keda $mesh $observability" | xargs
        done
      done
    done
  done
  echo ingress
  echo ingress keda mesh observability
}

render_all() {
  local overlay components title
  for overlay in local cloud; do
    "$root/k8s/secrets.sh" $overlay
    while read -r components; do
      title=$overlay${components:+-${components// /-}}
      OVERLAY=$overlay K8S_COMPONENTS=$components TAG=checked "$root/k8s/render.sh" >"$work/$title.yaml"
    done < <(combinations)
  done
}

install_tools
python=$cache/deploy/bin/python
"$here/crds.sh" "$cache/k8s/crds"
render_all
"$python" "$here/schemas.py" "$cache/k8s/crds" "$work"/*.yaml
"$python" "$here/check.py" "$work"/*.yaml
"$python" "$here/breaks.py" "$cache/k8s/crds" "$work/cloud-ingress-keda-mesh-observability.yaml"
"$python" "$here/compose.py"

"$cache/deploy/bin/hadolint" "$root/docker/Dockerfile"
# Together they hold every object of every component.
mkdir "$work/checkov"
cp "$work"/{local,cloud,cloud-ingress-keda-mesh-observability,cloud-strimzi,cloud-external-kafka}.yaml "$work/checkov"
"$cache/deploy/bin/checkov" --config-file "$here/checkov.yaml" --framework kubernetes --directory "$work/checkov"
"$cache/deploy/bin/checkov" --config-file "$here/checkov.yaml" --framework dockerfile --file "$root/docker/Dockerfile"
echo "hadolint and checkov: nothing but the exceptions that are written down"

if [ -x "$root/terraform/check.sh" ]; then "$root/terraform/check.sh"; fi

"$here/cluster.sh" "$cache/k8s/crds"
