# The targets that every component has. A component's Makefile says what differs and includes this file:
#   COMPONENT  the package, and its binary's name
#   NEEDS      more to have before it, such as the portal's page

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

.DEFAULT_GOAL := help
.PHONY: help update-local build-local run-local test-local build-new-local run-new-local test-new-local

help: ## Show this help
	$(call print_help,$(ROOT)/make/component.mk)

##@ On this machine, without containers (KAFKA_BROKER says which Kafka, default 127.0.0.1:9092)

update-local: ## Install what the build needs and fetch the dependencies
	@$(ROOT)/make/setup.sh build
	cd $(ROOT) && $(CARGO) fetch --locked

build-local: $(NEEDS) ## Build the component
	cd $(ROOT) && $(BUILD) --bin $(COMPONENT)

run-local: build-local ## Run the component alone, in the foreground; ARGS="…" are its flags
	$(BIN_DIR)/$(COMPONENT) $(ARGS)

test-local: $(NEEDS) ## Run the component's own tests; ARGS="…" is a filter
	cd $(ROOT) && $(BUILD) --bin xtask
	cd $(ROOT) && $(BIN_DIR)/xtask test $(COMPONENT) $(if $(ARGS),-- $(ARGS))

##@ The same, after all steps before it

build-new-local: update-local build-local ## Update, then build
run-new-local: update-local run-local ## Update, build, then run
test-new-local: update-local test-local ## Update, build, then test

.PHONY: wasm model
wasm model:
	$(MAKE) --no-print-directory -C $(ROOT) $@
