include make/common.mk

COMPONENTS := streamer producer consumer seer portal

.DEFAULT_GOAL := help
.PHONY: help up demo setup build wasm model test fmt lint deny conformance screenshots bench clean update-local build-local test-local

help: ## Show this help
	@printf 'Kafkloud. Start with make up, then open http://127.0.0.1:3000\n'
	$(call print_help,$(ROOT)/Makefile)
	@printf '\nEach of %s has a Makefile of its own: make -C producer help\n' '$(COMPONENTS)'

##@ Use

up: build ## Install what is missing, build, and start everything; ARGS="…" are the flags of `kafkloud up`
	@exec $(BIN_DIR)/kafkloud up $(ARGS)

demo: build ## Push the real events of examples/ through and show that acked = consumed
	$(BIN_DIR)/kafkloud demo --file examples/package-events.ndjson

##@ Build

setup: ## Install the toolchain and the system packages that the build needs
	@make/setup.sh build

build: setup wasm model ## Build the program `kafkloud` with everything in it
	$(BUILD) --bin kafkloud

wasm: setup ## Build the portal's page for the browser
	$(BUILD) --bin xtask
	$(BIN_DIR)/xtask portal

model: setup ## Fetch the embedding model of the seer into ~/.cache/kafkloud, once
	$(BUILD) --bin xtask
	$(BIN_DIR)/xtask model

clean: ## Delete what was built; the data in .kafkloud/ stays
	cargo clean

##@ Check

test: wasm model ## Run every test: units, integration, end to end, browser
	@make/setup.sh test
	$(CARGO) test --locked --workspace

fmt: setup ## Format the code
	cargo fmt

lint: setup ## Check formatting and lints, warnings as errors, for the servers and for the browser
	cargo fmt --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked --package portal --lib --target wasm32-unknown-unknown --no-default-features --features hydrate -- -D warnings

deny: setup ## Check licences, sources and who may use which crate (deny.toml)
	@command -v cargo-deny >/dev/null || cargo install --locked --debug cargo-deny
	cargo deny --all-features check bans licenses sources

conformance: setup ## Compare the streamer with Apache Kafka by kcat and Kafka's own tools (installs kcat, Java, Maven)
	@make/setup.sh conformance
	$(BUILD) --bin streamer
	STREAMER_BIN=$(BIN_DIR)/streamer KAFKA_DIR=$(TARGET_DIR)/apache-kafka e2e/conformance/run.sh

screenshots: wasm model ## Take the pictures of docs/screenshots anew, of every page on a phone and on a desk, in light and dark
	@make/setup.sh test
	SCREENSHOTS=$(ROOT)/docs/screenshots $(CARGO) test --locked --workspace --test it every_page_fits

##@ Measure

bench: ## Print the table of bench/README.md, measured now, beside the peers that are installed
	bench/run.sh

##@ All components (each also in its own folder, with run-local)

update-local: ## Install what the builds need and fetch the dependencies
	@for component in $(COMPONENTS); do $(MAKE) --no-print-directory -C $$component update-local || exit; done

build-local: ## Build each component's own program
	@for component in $(COMPONENTS); do $(MAKE) --no-print-directory -C $$component build-local || exit; done

test-local: ## Run each component's own tests
	@for component in $(COMPONENTS); do $(MAKE) --no-print-directory -C $$component test-local || exit; done
