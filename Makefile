# Everything a developer needs; `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test it hostile fuzz lint fmt schema load load-quick faults quota fair live federated backfill deployments costs explain ci

WITH_SERVICES := target/debug/weft-demo with-services --folder target/test-postgres --

help: ## Lists the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## The whole platform on this machine; ARGS="--estate 100000" for a large catalog
	@command -v cargo >/dev/null || { echo "cargo is needed: install Rust 1.95 or later" >&2; exit 2; }
	@echo "Building (a few minutes the first time) …"
	@cargo build --quiet -p demo --bin weft-demo
	@exec target/debug/weft-demo up $(ARGS)

# All of the workspace is built at once: of some of its packages cargo would build the libraries with other features, so twice.
test: ## All tests, with a private PostgreSQL and Redis; ARGS="name" for some of them
	@cargo build --quiet --workspace --all-targets
	@if command -v cargo-nextest >/dev/null; then \
		$(WITH_SERVICES) cargo nextest run --workspace --no-fail-fast $(ARGS); \
	else \
		$(WITH_SERVICES) cargo test --quiet --workspace $(ARGS) -- --test-threads=2; \
	fi

it: ## Integration tests only; ARGS="name" for some of them
	@cargo build --quiet --workspace --all-targets
	@$(WITH_SERVICES) cargo nextest run --workspace -E 'package(it)' --no-fail-fast $(ARGS)

hostile: ## How long a release build takes for each kind of hostile request; fails above 20 ms
	@cargo build --quiet --release -p gateway --bin weft
	@cargo build --quiet -p demo --bin weft-demo
	@WEFT_HOSTILE_PROGRAM=$(CURDIR)/target/release/weft \
		$(WITH_SERVICES) cargo nextest run -p it --no-capture hostile::timing

fuzz: ## Fuzzes a target with nightly Rust; ARGS="guard -max_total_time=60", a name of fuzz/fuzz_targets and options of libFuzzer
	@if ! cargo +nightly --version >/dev/null 2>&1; then \
		echo "fuzz: skipped, there is no nightly toolchain: rustup toolchain install nightly"; \
	elif ! cargo fuzz --version >/dev/null 2>&1; then \
		echo "fuzz: skipped, cargo-fuzz is not there: cargo install cargo-fuzz --locked"; \
	elif [ -z "$(ARGS)" ]; then \
		echo "fuzz: name a target, such as ARGS=\"guard -max_total_time=60\":"; cargo +nightly fuzz list; \
	else \
		cp Cargo.lock fuzz/Cargo.lock; set -- $(ARGS); target=$$1; shift; \
		exec cargo +nightly fuzz run --sanitizer none $$target -- "$$@"; \
	fi

lint: ## Formatting and clippy, warnings denied
	@cargo fmt --all --check
	@cargo clippy --quiet --workspace --all-targets -- -D warnings

fmt: ## Formats the code
	@cargo fmt --all

schema: ## Writes schema/schema.graphql from the code
	@cargo run --quiet -p gateway --bin weft -- sdl > schema/schema.graphql

load: ## The load test over 100,000 entities, beside ceilings of the same run; see loadtest/README.md
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load run $(ARGS)

load-quick: ## The same over 10,000, in less than three minutes
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load run --quick $(ARGS)

faults: ## Every fault of every upstream under load, about twenty minutes; ARGS="--upstream awx"
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load faults $(ARGS)

fair: ## More is asked than is granted or can be done: limits, a noisy tenant, overload; about twelve minutes
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load fair $(ARGS)

live: ## Subscriptions of 10,000 beside a bare broadcast, of many filters, of slow readers, of replicas that go, and webhooks while their gateway is killed
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load live $(ARGS)

federated: ## What a subgraph costs: those who ask for Weft's own types only, and answers that pass through, beside a bare server; about six minutes
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load federated $(ARGS)

quota: ## Upstreams that take 60 calls a minute, asked for twenty times as much by two replicas for three minutes
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load quota $(ARGS)

backfill: ## The deployments of 10,000 projects, read once undisturbed and once killed on the way
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load backfill $(ARGS)

deployments: ## Lists and DORA's measures among a million deployments
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load deployments $(ARGS)

costs: ## Ten million charges taken over, and what dashboards ask of them
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load costs $(ARGS)

explain: ## Writes the plans of the hot statements into loadtest/explain; ARGS="--check" compares instead
	@cargo build --quiet --release -p gateway --bin weft -p loadtest --bin weft-load
	@exec target/release/weft-load explain $(ARGS)

ci: ## What CI runs, in the same order
	@bash .ci/run
