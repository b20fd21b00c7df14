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

# Images and Kubernetes: read by make/image.sh and k8s/*.sh. Each commit has a tag of its own, so that a
# cluster never takes one build for another.
DOCKER ?= docker
KUBECTL ?= kubectl
TAG ?= $(or $(shell git -C $(ROOT) describe --always --dirty 2>/dev/null),latest)
OVERLAY ?= local
TAG := $(TAG)
export DOCKER KUBECTL REGISTRY TAG OVERLAY K8S_COMPONENTS BUILD_FLAGS

# Prints `target  ## text` lines of the given makefiles under the headings `##@ text`, in the order of the alphabet under each.
define print_help
@awk 'BEGIN { FS = ":.*## " } \
  function flush(  i, j, line) { \
    for (i = 2; i <= count; i++) { line = lines[i]; for (j = i - 1; j >= 1 && lines[j] > line; j--) lines[j + 1] = lines[j]; lines[j + 1] = line } \
    for (i = 1; i <= count; i++) print lines[i]; \
    count = 0 } \
  /^##@ / { flush(); printf "\n%s\n", substr($$0, 5) } \
  /^[a-zA-Z0-9_%-]+:.*## / { sub("%", "<component>", $$1); lines[++count] = sprintf("  %-26s %s", $$1, $$2) } \
  END { flush() }' $(1)
endef
