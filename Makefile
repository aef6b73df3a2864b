# Strongroom. `make help` lists what there is.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
BIN := node_modules/.bin
JEST := node --experimental-vm-modules --disable-warning=ExperimentalWarning $(BIN)/jest
CLUSTER_DIR := $(or $(STRONGROOM_CLUSTER_DIR),var/cluster)
SOURCES := $(shell find libs services apps bench -name node_modules -prune -o -name dist -prune -o \( -name '*.ts' -o -name 'tsconfig.json' \) -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help up cluster cluster-down cluster-clean cluster-logs cluster-status cluster-figures build check format \
  test test-unit test-int test-e2e test-cluster bench bench-vault crash rekey rotations rotation-rate chaos scale rolling clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20

up: build ## Install, build and run the whole platform in the foreground (Ctrl-C stops it)
	@node apps/standalone/dist/main.js

cluster: build ## Build and run the cluster by docker compose; returns when all of it is healthy
	@node apps/cluster/dist/main.js prepare
	docker compose up --detach --build --wait || { docker compose ps --all; exit 1; }
	@node apps/cluster/dist/main.js finish

cluster-down: ## Stop the cluster; its data and var/cluster stay
	docker compose down --remove-orphans

cluster-clean: ## Stop the cluster and remove its data, keys and credentials for good
	docker compose down --remove-orphans --volumes
	rm -rf $(CLUSTER_DIR)

cluster-logs: ## Follow the logs of the whole cluster
	docker compose logs --follow --tail 50

cluster-status: ## What runs in the cluster, and the sizes of its images
	@docker compose ps --all --format 'table {{.Name}}\t{{.Status}}\t{{.Ports}}'
	@echo
	@docker images --format 'table {{.Repository}}\t{{.Size}}' 'strongroom/*'

cluster-figures: build ## Start the cluster anew and measure: time to healthy, memory idle and loaded, sizes of images
	@node apps/cluster/dist/main.js figures

build: .build/built ## Install and compile, if anything changed

.build/installed: package-lock.json package.json $(wildcard libs/*/package.json services/*/package.json apps/*/package.json bench/package.json)
	@node -e 'const [a, b] = process.versions.node.split("."); if (a < 20 || (a == 20 && b < 19)) { console.error("Strongroom needs Node 20.19 or newer; this is " + process.version); process.exit(1); }'
	npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p .build && touch $@

.build/built: .build/installed tsconfig.json tsconfig.base.json $(SOURCES)
	$(BIN)/tsc -b
	@touch $@

check: build ## Format, types, lint and the dependency rule
	$(BIN)/prettier --check --log-level warn .
	$(BIN)/tsc -p tsconfig.test.json
	$(BIN)/tsc -p services/auth/tsconfig.public.json
	$(BIN)/eslint .
	$(BIN)/depcruise --config .dependency-cruiser.cjs libs services apps bench test

format: .build/installed ## Write the format that check wants
	$(BIN)/prettier --write --log-level warn .

test: build ## All tests; sets up the servers that they need
	@mkdir -p .build && $(JEST) --json --outputFile=.build/test-results.json

test-unit: .build/installed ## Pure tests only
	$(JEST) --selectProjects unit

test-int: build ## One service or library at a time, against a real PostgreSQL
	$(JEST) --selectProjects integration

test-e2e: build ## Through the gateway, against the whole platform
	$(JEST) --selectProjects e2e

# A cluster beside the operator's, with limits that tests do not reach, and every line logged. Tests that set a
# platform up as they need it are left out.
TEST_CLUSTER := COMPOSE_PROJECT_NAME=strongroom-test STRONGROOM_CLUSTER_DIR=$(CURDIR)/var/test-cluster \
  STRONGROOM_PORT=$(or $(STRONGROOM_TEST_PORT),18443) STRONGROOM_LOG_LEVEL=debug STRONGROOM_ACCESS_LOG=true \
  STRONGROOM_RATE_LIMIT_PER_SECOND=100000 STRONGROOM_SIGN_IN_RATE_LIMIT_PER_SECOND=100000 \
  STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND=100000

test-cluster: build ## The end-to-end tests against a cluster of their own, made and removed
	@$(TEST_CLUSTER) $(MAKE) cluster-clean cluster
	@$(TEST_CLUSTER) STRONGROOM_E2E_CLUSTER=var/test-cluster \
	  $(JEST) --selectProjects e2e --testPathIgnorePatterns standalone observability rotations --runInBand; status=$$?; \
	  $(TEST_CLUSTER) docker compose down --volumes && rm -rf var/test-cluster; exit $$status

bench: build ## Reads, writes, tokens and sign-ins a second beside floors measured in the same run
	@node bench/dist/bench.js
	@node bench/dist/sign-ins.js

bench-vault: build ## What the size of a vault costs: the same requests at a thousand secrets and at a million
	@node bench/dist/vault-scale.js

crash: build ## Kill the whole platform with -9 ten times under load and count what is lost
	@node bench/dist/crash.js

# A second gateway needs a second port of this machine.
ON_CLUSTER = STRONGROOM_GATEWAY_PORTS=$(or $(STRONGROOM_GATEWAY_PORTS),8443-8452) node
CLUSTER_ARGUMENTS = --directory=$(or $(STRONGROOM_CLUSTER_DIR),var/cluster)

rekey: build ## Re-key 100,000 secrets under load, killed with -9 twice on the way, and print the rate beside its floor
	@node bench/dist/rekey.js

rotations: build ## Rotate passwords on real hosts while everything is killed or cut at every step, and open every account
	@node bench/dist/rotations.js

rotation-rate: build ## 500 accounts that are due at once, by one replica and by two: accounts a minute, and none twice
	@node bench/dist/rotation-rate.js

chaos: build ## Kill parts of the running cluster with -9, in turn and in pairs, under load, and count what is lost
	@$(ON_CLUSTER) bench/dist/chaos.js $(CLUSTER_ARGUMENTS)

scale: build ## One replica of vault, three, and one again, under load: the share of each, and what failed
	@$(ON_CLUSTER) bench/dist/scale.js $(CLUSTER_ARGUMENTS)

rolling: build ## Replace the replicas of every service one by one under load, and count what failed
	@$(ON_CLUSTER) bench/dist/rolling.js $(CLUSTER_ARGUMENTS); status=$$?; \
	  docker compose up -d --no-build --no-deps --wait api-gateway; exit $$status

clean: ## Remove what was built (data under var/ stays)
	rm -rf .build libs/*/dist services/*/dist apps/*/dist bench/dist
