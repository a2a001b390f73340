# Two commands: `make repro` (the whole pipeline) and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install repro test coverage test-long test-all lint format bench ui lock

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## make .venv with the pinned dependencies and the package

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "clearscene needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "import pymatting" # its functions are compiled once, 40 seconds
	@touch $@

repro: $(INSTALLED) ## run the pipeline with params.yaml (what is up to date stays)
	$(BIN)/dvc repro

test: $(INSTALLED) ## run the tests in two processes (WORKERS=2)
	$(BIN)/pytest -m "not long" -n $(WORKERS) --dist loadfile

coverage: $(INSTALLED) ## the same with coverage, which takes half as long again
	$(BIN)/pytest -m "not long" -n $(WORKERS) --dist loadfile --cov --cov-report=term --cov-fail-under=90

test-long: $(INSTALLED) ## run the long tests: kills, experiments, a real browser
	$(BIN)/pytest -m long -n $(WORKERS) --dist loadfile --durations=15

test-all: test test-long ## both

lint: $(INSTALLED) ## ruff, mypy and the floors of the house
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED) ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED) ## measure ratios, print them and write reports/bench.csv
	$(BIN)/python -m tests.benchmarks

ui: $(INSTALLED) ## MLflow UI of the local store, at http://127.0.0.1:5000
	$(BIN)/mlflow ui --backend-store-uri sqlite:///$(CURDIR)/mlflow.db

lock: $(INSTALLED) ## pin the dependencies of pyproject.toml anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet --upgrade --output-file requirements.txt
