# Shared by the top Makefile and every component's: where things are, and how help is printed.

ROOT := $(patsubst %/make/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

# `dev` serves daily use and tests alike, so that nothing is built twice; PROFILE=release is for measuring and images.
PROFILE ?= dev
CARGO := cargo
# The whole workspace decides which features of a dependency are on, whatever is built of it: with --package alone they
# would differ, and cargo would build most dependencies again for each package.
BUILD := $(CARGO) build --locked --workspace --profile $(PROFILE)

TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(ROOT)/target)
BIN_DIR := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

# Prints `target  ## text` lines of the given makefiles, under the headings `##@ text`.
define print_help
@awk 'BEGIN { FS = ":.*## " } \
  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
  /^[a-zA-Z0-9_%-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(1)
endef
