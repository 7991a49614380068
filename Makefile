# hongbao: rehearse a red-packet festival. `make help` lists the targets.
export CGO_ENABLED ?= 0
GO ?= go
BUILD_FLAGS ?= -trimpath
FUZZTIME ?= 10s
CRASH_KILLS ?= 50
K6_ARGS ?=
PROOF ?= 2
RACE ?= ./...
DOCS ?= README.md README.zh.md CONTRIBUTING.md ARCHITECTURE.md $(wildcard docs/*.md)

# Packages of make real: the adapters and the packages that use them. They run one after the other, because they share servers.
REAL ?= ./internal/rig/... ./reference/store/... ./reference/server/... ./reference/sdk/... ./reference/host/...
RUN_REAL = $(GO) run ./internal/rig/real --

# go test with its exit code, plus a list of the slowest packages. Without go vet, which make lint runs.
GO_TEST = bash -o pipefail -c '$(GO) test -vet=off -timeout 20m "$$@" | awk -f .ci/slowest.awk' --

# Packages that make test-fast leaves out: their tests build programs, kill them, or play loads in real time.
SLOW = (|/internal/(cmd|docscheck)|/reference/(service/open|crash)|/sim/mutants)

.PHONY: help build demo test test-fast race lint fuzz bench sim load k6 test-k6 proto real crash bench-real drills compare-proof docs-check module module-check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build ./hongbao
	$(GO) build $(BUILD_FLAGS) -o hongbao .

demo: ## replay the 2022 festival with three posting strategies, then play its peak in real time; prints the verdicts and the paths of the reports
	$(GO) run . sim scenarios/spring-festival-2022.yaml --scale 1/1000 --strategy all --seed 7 --out reports/out/demo
	@echo; echo "The peak again, in real time, against the wallet as a service:"; echo
	$(GO) run . load scenarios/rain-peak.yaml --target embedded --peak 1000/s --duration 5s --out reports/out/demo-load

test: ## all tests that need only Go; lists the slowest packages at the end
	@$(GO_TEST) ./...

test-fast: ## test with -short, without the packages that build, kill or load programs; takes about a minute
	@$(GO_TEST) -short $$($(GO) list ./... | grep -Ev '^hongbao$(SLOW)$$')

race: ## test -short with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short -timeout 20m $(RACE)

lint: ## check formatting, vet, staticcheck, unreachable functions
	@test -z "$$(gofmt -l .)" || { gofmt -l . && exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	GO="$(GO)" .ci/deadcode

fuzz: ## run each fuzz target for FUZZTIME
	@set -e; for f in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
	    $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x ./$$(dirname $$f); done; done

bench: ## benchmarks that the documents quote
	$(GO) test -run '^$$' -bench . -benchtime 1s ./sim/... ./reference/... ./scenarios/... ./loadtest/...

sim: ## replay one scenario: make sim SCENARIO=scenarios/rain-peak.yaml ARGS="--scale 1/1000"
	$(GO) run . sim $(SCENARIO) $(ARGS)

load: ## play a scenario in real time: make load SCENARIO=scenarios/rain-peak.yaml ARGS="--peak 3000/s --duration 20s"
	$(GO) run . load $(SCENARIO) $(ARGS)

drills: ## test each degrade switch, and pairs of switches, under load: the effect is as documented and the money is right
	$(GO) test -count=1 -v -run '^(TestDrills|TestPairsOfSwitches)$$' ./sim

compare-proof: ## prove that hongbao compare reports a planted 10% slowdown, and none for a build against itself (minutes; PROOF=2 times each)
	HONGBAO_COMPARE_PROOF=$(PROOF) $(GO) test -count=1 -v -timeout 60m -run '^TestCompareProof$$' ./internal/cmd

docs-check: ## run the commands in the documents: make docs-check DOCS=docs/load.md
	$(GO) run ./internal/docscheck $(DOCS)

module: ## change the module path, for a fork: make module MODULE=github.com/acme/hongbao
	$(GO) run ./internal/modpath $(MODULE)

module-check: ## test make module in a copy of the repository
	@set -e; copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; \
	  git ls-files -z --cached --others --exclude-standard | tar --null -T - --ignore-failed-read -cf - | tar -xf - -C "$$copy"; \
	  cd "$$copy"; set -x; \
	  $(GO) run ./internal/modpath example.com/acme/hongbao; $(GO) build ./...; $(GO) vet ./internal/archtest/...; \
	  $(GO) run . scenario list >/dev/null; cd loadtest/k6; $(GO) list -deps ./... >/dev/null

k6: ## build ./k6 with the extension k6/x/hongbao (docs/k6.md)
	cd loadtest/k6 && $(GO) build -o ../../k6 ./cmd/k6

test-k6: ## tests of the k6 extension, including its scripts against hongbao serve (K6_ARGS=-short: without the scripts)
	cd loadtest/k6 && $(GO) vet ./... && $(GO) test -timeout 10m $(K6_ARGS) ./...

proto: ## regenerate the protobuf code (needs protoc)
	$(GO) generate ./reference/token/... ./reference/server/...

real: ## contract, end-to-end and crash tests on the installed Redis and MariaDB (CRASH_KILLS=50)
	$(RUN_REAL) sh -ec '$(GO) test -count=1 -p 1 -timeout 20m $(REAL); $(GO) test -count=1 -p 1 -timeout 10m -run "^TestServe" ./internal/cmd ./reference/service/...'
	$(MAKE) crash

crash: ## load three instances, kill them CRASH_KILLS times, empty Redis and kill MariaDB; prints a summary
	CRASH_KILLS=$(CRASH_KILLS) $(GO) test -count=1 -v -timeout 45m -run '^TestCrash$$' ./reference/crash

bench-real: ## benchmarks of the real stores that the documents quote
	$(RUN_REAL) $(GO) test -p 1 -run '^$$' -bench . -benchtime 1s ./reference/store/... ./reference/service/...
