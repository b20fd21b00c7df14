# The targets that every component has. A component's Makefile says what differs and includes this file:
#   COMPONENT  the package, and its binary's name
#   NEEDS      more to have before it, such as the portal's page

include $(dir $(lastword $(MAKEFILE_LIST)))common.mk

.DEFAULT_GOAL := help
.PHONY: help update-local build-local run-local test-local build-new-local run-new-local test-new-local
.PHONY: build-image run-image push-image build-new-image run-new-image push-new-image
.PHONY: apply-k8s query-k8s delete-k8s attach-k8s recreate-k8s recreate-new-k8s

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

build-new-local: update-local build-local ## Update, build
run-new-local: update-local run-local ## Update, build, run
test-new-local: update-local test-local ## Update, build, test

##@ In a container (DOCKER=docker or podman, REGISTRY=…, TAG=…)

build-image: ## Build the component's image
	@$(ROOT)/make/image.sh build $(COMPONENT)

run-image: ## Run the image on this machine's network, on loopback; ARGS="…" are its flags
	@$(ROOT)/make/image.sh run $(COMPONENT) $(ARGS)

push-image: ## Push the image to REGISTRY, or give it to a kind or minikube cluster
	@$(ROOT)/make/image.sh push $(COMPONENT)

build-new-image: ## Build the image on the newest base images
	@BUILD_FLAGS="$(BUILD_FLAGS) --pull" $(ROOT)/make/image.sh build $(COMPONENT)

run-new-image: build-new-image run-image ## Build, run
push-new-image: build-new-image push-image ## Build, push

##@ In Kubernetes (OVERLAY=local or cloud, K8S_COMPONENTS="keda mesh …", KUBECONFIG=…)

apply-k8s: ## Create the component in the cluster, or update it
	@$(ROOT)/k8s/k8s.sh apply $(COMPONENT)

query-k8s: ## Show what of it is there and how it does
	@$(ROOT)/k8s/k8s.sh query $(COMPONENT)

delete-k8s: ## Delete it; its data stays
	@$(ROOT)/k8s/k8s.sh delete $(COMPONENT)

attach-k8s: ## Forward its port to this machine until Ctrl-C
	@$(ROOT)/k8s/k8s.sh attach $(COMPONENT)

recreate-k8s: ## Apply it, start its pods anew, wait until they are ready
	@$(ROOT)/k8s/k8s.sh recreate $(COMPONENT)

recreate-new-k8s: push-new-image recreate-k8s ## Build, push, recreate

.PHONY: wasm model
wasm model:
	$(MAKE) --no-print-directory -C $(ROOT) $@
