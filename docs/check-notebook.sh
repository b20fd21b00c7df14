#!/usr/bin/env bash
# Runs every cell of kafkloud.ipynb against a running stack, as a reader would, and fails where a cell does. PRODUCER_URL, CONSUMER_URL and
# SEER_URL say where the stack is (default: this machine's, as `make up` starts it); API_TOKEN or API_TOKEN_FILE, when it wants one.
# The notebook itself stays as it is.
set -euo pipefail
cd "$(dirname "$0")"

venv="${XDG_CACHE_HOME:-$HOME/.cache}/kafkloud/notebook"

give_up() {
  echo "docs/check-notebook.sh: $1" >&2
  exit 1
}

# Outside the folder, as what the other checks install; again only when what it needs has changed.
install_python_packages() {
  cmp -s requirements.txt "$venv/requirements.txt" && return
  command -v python3 >/dev/null 2>&1 || give_up "python3 is missing: install Python 3.11 or newer, then run this again."
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || give_up "$(python3 --version) is too old: the notebook needs Python 3.11 or newer."
  echo "installing what the notebook needs"
  rm -rf "$venv"
  python3 -m venv "$venv" || give_up "python3 cannot make a virtual environment: install its package python3-venv, then run this again."
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt
  cp requirements.txt "$venv/requirements.txt"
}

# Outputs would change with every run, and could hold somebody's messages.
check_stripped() {
  "$venv/bin/python" - <<'PYTHON' || give_up "kafkloud.ipynb holds outputs: clear them all, then save it."
import json, sys
cells = json.load(open("kafkloud.ipynb"))["cells"]
sys.exit(any(cell.get("outputs") or cell.get("execution_count") for cell in cells))
PYTHON
}

check_stack() {
  local pair name address
  for pair in "producer ${PRODUCER_URL:-http://127.0.0.1:8000}" "consumer ${CONSUMER_URL:-http://127.0.0.1:8072}" "seer ${SEER_URL:-http://127.0.0.1:8030}"; do
    read -r name address <<<"$pair"
    curl --silent --show-error --fail --output /dev/null --max-time 5 ${TLS_CA_FILE:+--cacert "$TLS_CA_FILE"} "$address/readyz" ||
      give_up "the $name at $address is not ready: start the stack (make up) in another shell, or say where it is."
  done
}

install_python_packages
check_stripped
check_stack
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# Plots go into the notebook, whatever matplotlib's settings on this machine are: a window would wait to be closed.
MPLBACKEND=module://matplotlib_inline.backend_inline \
  "$venv/bin/jupyter" execute kafkloud.ipynb --timeout=180 --output="$folder/executed.ipynb"
echo "docs/kafkloud.ipynb: every cell ran"
