# make setup   a virtual environment with everything `nabiz` needs
# make run     everything on this machine, with a built-in sample
# make test    all checks and tests
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv pip install --python $(BIN)/python

.PHONY: setup setup-dev run test lint unit lock clean

setup: $(VENV)/.runtime

setup-dev: $(VENV)/.dev

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "nabiz needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.lock

$(VENV)/.runtime: $(BIN)/uv requirements/runtime.lock pyproject.toml
	$(UV) --require-hashes -r requirements/runtime.lock
	$(UV) --quiet --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock
	$(UV) --require-hashes -r requirements/dev.lock
	@touch $@

lock: $(BIN)/uv
	requirements/compile
