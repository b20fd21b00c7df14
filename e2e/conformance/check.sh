# shellcheck shell=bash
# One check in a process of its own, started by run.sh; whatever it leaves running ends with it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for file in "$here/clients.sh" "$here"/checks/*.sh; do
  # shellcheck disable=SC1090 # one of those above
  source "$file"
done
trap 'jobs -p | xargs -r kill -9 2>/dev/null || true' EXIT

"check_$1"
