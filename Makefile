include make/common.mk

COMPONENTS := streamer producer consumer seer portal

# Calls one target of every component, and ends at the first that fails.
for_each = for component in $(COMPONENTS); do $(MAKE) --no-print-directory -C $$component $(1) || exit; done

.DEFAULT_GOAL := help
.PHONY: help up demo notebook setup build wasm model test fmt lint cargo-deny deny advisories conformance test-external screenshots bench clean update-local build-local test-local
.PHONY: build-image push-image build-new-image push-new-image compose-up compose-down test-deploy test-images test-compose
.PHONY: apply-k8s query-k8s delete-k8s attach-k8s recreate-k8s recreate-new-k8s deploy-new-k8s

help: ## Show this help
	@printf 'Kafkloud. Start with make up, then open http://127.0.0.1:3000\n'
	$(call print_help,$(ROOT)/Makefile)
	@printf '\nEach of %s has a Makefile of its own: make -C producer help\n' '$(COMPONENTS)'

##@ Use

up: build ## Install what is missing, build, and start everything; ARGS="…" are the flags of `kafkloud up`
	@exec $(BIN_DIR)/kafkloud up $(ARGS)

demo: build ## Push the real events of examples/ through and show that acked = consumed
	$(BIN_DIR)/kafkloud demo --file examples/package-events.ndjson

notebook: ## Execute docs/kafkloud.ipynb against the running stack (PRODUCER_URL, CONSUMER_URL, SEER_URL, API_TOKEN)
	@docs/check-notebook.sh

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

cargo-deny: setup
	@command -v cargo-deny >/dev/null || cargo install --locked --debug cargo-deny

deny: cargo-deny ## Check licences, sources and who may use which crate (deny.toml)
	cargo deny --all-features check bans licenses sources

advisories: cargo-deny ## Look for known vulnerabilities in the dependencies (fetches their list from GitHub)
	cargo deny --all-features check advisories

conformance: setup ## Compare the streamer with Apache Kafka by kcat and Kafka's own tools (installs kcat, Java, Maven)
	@make/setup.sh conformance
	$(BUILD) --bin streamer
	STREAMER_BIN=$(BIN_DIR)/streamer KAFKA_DIR=$(TARGET_DIR)/apache-kafka e2e/conformance/run.sh

test-external: wasm model ## Run the end-to-end tests around Apache Kafka and PostgreSQL, everything by TLS and tokens (installs both, Java, Maven; QDRANT_URL=… adds that Qdrant)
	@make/setup.sh external
	CARGO='$(CARGO)' KAFKA_DIR=$(TARGET_DIR)/apache-kafka e2e/external/run.sh

screenshots: wasm model ## Take the pictures of docs/screenshots anew, of every page on a phone and on a desk, in light and dark
	@make/setup.sh test
	SCREENSHOTS=$(ROOT)/docs/screenshots $(CARGO) test --locked --workspace --test it every_page_fits

##@ Measure

bench: ## Print the table of bench/README.md, measured now, beside the peers that are installed
	bench/run.sh

##@ All components on this machine (each also in its own folder, with run-local)

update-local: ## Install what the builds need and fetch the dependencies
	@$(call for_each,update-local)

build-local: ## Build each component's own program
	@$(call for_each,build-local)

test-local: ## Run each component's own tests
	@$(call for_each,test-local)

##@ In containers (DOCKER=docker or podman, REGISTRY=…, TAG=…)

build-image: ## Build the image of every component
	@$(call for_each,build-image)

push-image: ## Push the images to REGISTRY, or give them to a kind or minikube cluster
	@$(call for_each,push-image)

build-new-image: ## Build the images on the newest base images
	@$(call for_each,build-new-image)

push-new-image: build-new-image push-image ## Build, push

compose-up: ## Start the whole stack in containers: with Apache Kafka, kafka-ui, Qdrant, PostgreSQL
	@docker/compose.sh up

compose-down: ## End it; ARGS=--volumes also deletes its data
	@docker/compose.sh down $(ARGS)

test-images: ## Build every image, run it as nobody with nothing to write to, ask it, end it, weigh it
	@docker/test-images.sh

test-compose: ## Start the whole stack with data of its own, use it as a user does, end it (end yours before)
	@docker/test-compose.sh

##@ In Kubernetes (OVERLAY=local or cloud, K8S_COMPONENTS="keda mesh …", KUBECONFIG=…)

apply-k8s: ## Create everything in the cluster, or update it
	@k8s/k8s.sh apply

query-k8s: ## Show what is there and how it does
	@k8s/k8s.sh query

delete-k8s: ## Delete everything, with all data
	@k8s/k8s.sh delete

attach-k8s: ## Forward the ports to this machine until Ctrl-C, and print a link to sign in at the portal
	@k8s/k8s.sh attach

recreate-k8s: ## Apply everything, start the pods anew, wait until they are ready
	@k8s/k8s.sh recreate

recreate-new-k8s: push-new-image recreate-k8s ## Build, push, recreate

deploy-new-k8s: push-new-image apply-k8s ## Build, push, apply

deploy-new-k8s-%: ## Build, push, apply one component
	@$(MAKE) --no-print-directory -C $* push-new-image apply-k8s

apply-k8s-%: ## One component: portal producer consumer seer streamer qdrant postgres kafkaui
	@k8s/k8s.sh apply $*

query-k8s-%: ## Show what of one component is there
	@k8s/k8s.sh query $*

delete-k8s-%: ## Delete one component; its data stays
	@k8s/k8s.sh delete $*

attach-k8s-%: ## Forward the port of one component
	@k8s/k8s.sh attach $*

recreate-k8s-%: ## Start the pods of one component anew
	@k8s/k8s.sh recreate $*

test-deploy: ## Check images, compose and manifests: their schemas, each other, the programs, a real API server
	@make/setup.sh deploy
	$(BUILD) --bin portal --bin producer --bin consumer --bin seer --bin streamer
	@BIN_DIR=$(BIN_DIR) k8s/tests/run.sh
