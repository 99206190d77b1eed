# Everything a developer needs; `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test

help: ## Lists the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## The whole platform on this machine; ARGS="--estate 100000" for a large one
	@cargo build --quiet -p demo --bin weft-demo
	@exec target/debug/weft-demo up $(ARGS)

test: ## All tests, with a private PostgreSQL
	@cargo build --quiet -p demo --bin weft-demo
	@target/debug/weft-demo with-postgres --folder target/test-postgres -- cargo nextest run --workspace $(ARGS)
