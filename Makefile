# Two commands: `make repro` (the whole pipeline) and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install repro test coverage test-long test-all lint format bench ui serve lock

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## make .venv with the pinned dependencies and the package

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "clearscene needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; name another with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.txt >$(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r $(VENV)/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt \
		|| $(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt # knows pip.conf
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "import pymatting" # its functions are compiled once, 40 seconds
	@touch $@

repro: $(INSTALLED) ## run the pipeline with params.yaml (what is up to date stays)
	$(BIN)/dvc repro

# A process of tests that dies is not replaced: xdist would wait for it for ever. Files go in their
# order: of those with the fewest tests, which it would keep for the end, one takes nine minutes.
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: $(INSTALLED) ## run the tests in two processes (WORKERS=2)
	$(PYTEST) -m "not long"

coverage: $(INSTALLED) ## the same with coverage, which takes half as long again
	$(PYTEST) -m "not long" --cov --cov-report=term --cov-fail-under=90

test-long: $(INSTALLED) ## run the long tests: kills, experiments, a real browser
	$(PYTEST) -m long --durations=15

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

serve: $(INSTALLED) ## page and API with the trained networks, at http://127.0.0.1:8000
	$(BIN)/clearscene serve

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --quiet --upgrade

lock: $(INSTALLED) ## pin the dependencies of pyproject.toml anew
	$(LOCK) --all-extras --output-file requirements.txt
	$(LOCK) --extra serve --extra bot --extra heic --constraint requirements.txt \
		--output-file requirements-serve.txt
