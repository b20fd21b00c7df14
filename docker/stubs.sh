#!/bin/sh
# Gives every member of the workspace that has only its manifest empty sources, so that cargo builds the dependencies alone. Only the
# Dockerfile calls it.
set -eu
# shellcheck disable=SC2044 # no folder of ours has a blank in its name
for manifest in $(find . -name Cargo.toml -not -path './Cargo.toml' -not -path './target/*'); do
  folder=${manifest%/Cargo.toml}
  mkdir -p "$folder/src" "$folder/tests/it"
  : >"$folder/src/lib.rs"
  echo 'fn main() {}' | tee "$folder/src/main.rs" >"$folder/tests/it/main.rs"
done
