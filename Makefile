SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

VENV ?= .venv
STAMP := $(VENV)/.reportgen-setup
BIN := $(VENV)/bin
SEEDS ?= 20

.PHONY: help setup demo test lint format bench bench-retraining bench-leakage bench-faults lock clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 22

setup: $(STAMP)  ## environment with the locked packages, in .venv

$(STAMP): requirements.lock pyproject.toml scripts/setup scripts/os-packages
	@scripts/setup "$(VENV)"
	touch $@

demo: $(STAMP)  ## audit four small models (configs/demo.yaml); reports in reports/latest
	@status=0
	$(BIN)/reportgen run configs/demo.yaml || status=$$?
	if [[ $$status -le 1 ]]; then # 1: a model has a failing finding, which is what a demo shows
	  echo "Open reports/latest/index.html"
	else
	  exit $$status
	fi

test: lint  ## lint, types, import layers, and all tests
	$(BIN)/python -m pytest

lint: $(STAMP)  ## ruff, mypy, import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP)  ## speed: start-up, rendering, evidence, intervals on a million rows
	$(BIN)/python -m benchmarks.speed

bench-retraining: $(STAMP)  ## retraining stacked, cold and warm, against loops of fit
	$(BIN)/python -m benchmarks.speed.retraining

bench-leakage: $(STAMP)  ## copies among 10 thousand to 10 million rows, beside deepchecks and cleanlab
	$(BIN)/python -m benchmarks.speed.leakage

bench-faults: $(STAMP)  ## planted faults found, false alarms on clean cases (SEEDS=20)
	$(BIN)/python -m benchmarks.faults --seeds $(SEEDS)

lock:  ## resolve pyproject.toml anew into requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 \
	  --no-emit-index-url --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --output-file requirements.lock --quiet $(LOCK_FLAGS)

clean:  ## remove what was built; the environment and reports stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
