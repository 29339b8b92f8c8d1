# `make run` and `make test` do all the set-up that they need; `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
OUT    ?= out/sample

.DEFAULT_GOAL := help
.PHONY: help run test lint fix unit setup setup-dev quality bench bench-dedup sample clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(READY)  ## turn the sample crawl into a dataset, with a report
	@$(BIN)/python beam_runner.py run recipes/sample.toml --output $(OUT)

test: lint  ## everything that CI runs: ruff, mypy, all test layers, the quality gate
	@$(BIN)/python -m pytest

lint: $(READY_DEV)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

fix: $(READY_DEV)  ## format, and mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

unit: $(READY_DEV)  ## the fast tests only
	@$(BIN)/python -m pytest tests/unit tests/golden

quality: $(READY_DEV)  ## measure quality on ../shared/data, print one table, fail below the pinned figures
	@$(BIN)/python -m benchmarks.quality

bench: $(READY_DEV)  ## measure speed and memory against peers (minutes; builds a large crawl first)
	@$(BIN)/python -m benchmarks.speed

bench-dedup: $(READY_DEV)  ## measure deduplication against peers on 1 M documents (25 minutes; ARGS=--quick: 3)
	@$(BIN)/python -m benchmarks.dedup $(ARGS)

sample: $(READY)  ## write the sample crawl again
	@$(BIN)/python -m tools.make_sample

clean:  ## remove what runs have written, not the environment
	rm -rf out build .mypy_cache .ruff_cache .pytest_cache .hypothesis

setup: $(READY)
setup-dev: $(READY_DEV)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing: install python3 and python3-venv, or set PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=python3.11" >&2; exit 2; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || { echo "A C++ compiler is missing (kenlm is built from source): install g++" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: install python3-venv" >&2; exit 2; }

$(READY): requirements.txt constraints.txt | $(VENV)/bin/python
	@echo "Installing requirements into $(VENV) (about two minutes, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	@echo "Installing test requirements into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
