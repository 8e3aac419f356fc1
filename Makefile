# Everything on a bare machine with Python 3.11 or newer and pip:
#
#   make demo       simulate a field, run the shipped model on it, compare with the truth
#   make test       tests and doctests, some minutes
#   make test-slow  the tests that take long: trainings, large fields, whole examples
#   make test-view  the page of a run in a browser; installs chromium where apt-get can, and skips without one
#   make test-rail  the tests of integrations/pz-rail-zpix, in an environment of their own
#   make coverage   both, and the share of lines that they run
#   make docs       the site in build/site, with warnings as errors; its notebooks run
#   make lint       ruff, mypy, and docstrings by numpydoc's validator
#   make clean      remove what the above have made
#
# Packages go to .venv, once, and again when pyproject.toml changes. Another interpreter: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported: to compile all takes longer than to run the tests' share of them.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-compile
unexport PYTHONDONTWRITEBYTECODE

# Two tests at a time, one thread each; three of the slow ones, which often wait for other processes.
TEST_WORKERS ?= 2
SLOW_WORKERS ?= 3
PYTEST = OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest --dist worksteal

.PHONY: help demo test test-slow test-view test-rail coverage docs lint format clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.for-demo
	$(BIN)/zpix demo --out demo --overwrite

test: $(VENV)/.for-tests
	$(PYTEST) -n $(TEST_WORKERS)

test-slow: $(VENV)/.for-tests
	$(PYTEST) -n $(SLOW_WORKERS) -m slow

# Chromium comes from the system, as nothing else does: only root can install it.
test-view: $(VENV)/.for-tests
	@command -v chromium chromium-browser >/dev/null || test -n "$(CHROMIUM)" || test "$$(id -u)" != 0 \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || true
	$(PYTEST) -n 0 -m browser -rs tests/viewer

test-rail:
	$(MAKE) -C integrations/pz-rail-zpix test PYTHON=$(PYTHON)

coverage: $(VENV)/.for-tests
	$(PYTEST) -n $(SLOW_WORKERS) -m "slow or not slow" --cov --cov-report=term:skip-covered

docs: $(VENV)/.for-docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/site
	@echo "open build/site/index.html"

lint: $(VENV)/.for-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --num-workers 2
	$(BIN)/python tests/check_docstrings.py

format: $(VENV)/.for-tests
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) demo build dist .coverage .pytest_cache .mypy_cache .ruff_cache
	$(MAKE) -C integrations/pz-rail-zpix clean
	find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Some systems split the venv module: its pip is then installed by the system's own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "zpix needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/.for-demo: pyproject.toml | $(BIN)/python
	@echo "Installing zpix and the simulator into $(VENV): torch is large, this takes some minutes."
	$(PIP) --editable '.[sim]'
	@touch $@

$(VENV)/.for-tests: pyproject.toml | $(BIN)/python
	@echo "Installing zpix, the simulator and the tests' tools into $(VENV): torch is large, this takes some minutes."
	$(PIP) --editable '.[sim,rival,scale,dust,int8,onnx,pandas,dev]'
	@touch $@ $(VENV)/.for-demo

$(VENV)/.for-docs: pyproject.toml | $(BIN)/python
	@echo "Installing zpix, the simulator and the site's tools into $(VENV): torch is large, this takes some minutes."
	$(PIP) --editable '.[sim,docs]'
	@touch $@
