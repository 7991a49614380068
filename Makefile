# hongbao: rehearse a festival of red packets. `make help` lists the targets.
export CGO_ENABLED ?= 0
GO ?= go
FUZZTIME ?= 10s

.PHONY: help demo test race lint fuzz bench sim proto

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## replay the 2022 festival under three posting strategies and print the verdict and the report's path
	$(GO) run . sim scenarios/spring-festival-2022.yaml --scale 1/1000 --strategy all --seed 7 --out reports/out/demo

test: ## every test that needs nothing but Go
	$(GO) test ./...

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l . && exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for f in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
	  for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$f); do \
	    $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x ./$$(dirname $$f); done; done

bench: ## the figures that the documents quote
	$(GO) test -run '^$$' -bench . -benchtime 1s ./sim/... ./reference/... ./scenarios/...

sim: ## replay one scenario: make sim SCENARIO=scenarios/rain-peak.yaml ARGS="--scale 1/1000"
	$(GO) run . sim $(SCENARIO) $(ARGS)

proto: ## regenerate the protobuf code (needs protoc)
	$(GO) generate ./reference/token/...
