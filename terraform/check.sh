#!/usr/bin/env bash
# Checks the Terraform of this folder: its format, what tflint finds, and that Confluent's topics are those of the code. Needs terraform, and
# Go to build tflint once. In a folder where `terraform init` has been run it also validates and runs the tests, which need the providers.
set -euo pipefail
cd "$(dirname "$0")"

TFLINT_VERSION=0.64.0
tflint="${XDG_CACHE_HOME:-$HOME/.cache}/kafkloud/bin/tflint"

need() { # command, where it comes from
  command -v "$1" >/dev/null 2>&1 && return
  echo "terraform/check.sh: $1 is missing. Install it ($2), then run this again." >&2
  exit 1
}

# Into a folder of the project's own: whichever tflint somebody has for other work stays as it is.
install_tflint() {
  [[ "$("$tflint" --version 2>/dev/null)" == "TFLint version $TFLINT_VERSION"* ]] && return
  need go "https://go.dev/dl, or your system's package"
  echo "building tflint $TFLINT_VERSION, once; it takes some minutes"
  GOBIN="$(dirname "$tflint")" go install "github.com/terraform-linters/tflint@v$TFLINT_VERSION" ||
    { echo "terraform/check.sh: tflint cannot be built; the lines above say why." >&2 && exit 1; }
}

check_format() {
  local unformatted
  unformatted=$(terraform fmt -check -recursive .) && return
  echo "terraform/check.sh: not formatted; run terraform fmt -recursive terraform:" "${unformatted:-see above}" >&2
  exit 1
}

# The seer and the consumer would make a topic that is missing here, with other settings, or be refused.
check_topics() {
  local name missing=0
  while read -r name; do
    grep -Eq "^ *\"?$name\"? *= *\{" confluent/topics.tf confluent/variables.tf && continue
    echo "terraform/check.sh: the topic $name of crates/contract/src/topic.rs is not in terraform/confluent" >&2
    missing=1
  done < <(sed -n 's/^pub const [A-Z_]*: &str = "\(.*\)";$/\1/p' ../crates/contract/src/topic.rs)
  return "$missing"
}

validate() { # folder
  if [ ! -d "$1/.terraform" ]; then
    echo "  $1: not validated and not tested, as there are no providers: terraform -chdir=terraform/$1 init -backend=false"
    return
  fi
  terraform -chdir="$1" validate
  terraform -chdir="$1" test
}

# It would ask GitHub for a newer one.
export TFLINT_DISABLE_VERSION_CHECK=1

need terraform "https://developer.hashicorp.com/terraform/install"
install_tflint
check_format
"$tflint" --recursive --config="$PWD/.tflint.hcl"
check_topics
for folder in gcp confluent aws; do
  validate "$folder"
done
echo "terraform: format, lint and topics are right"
