# make setup   a virtual environment with the command .venv/bin/nabiz
# make run     everything on this machine, with a built-in sample
# make test    all checks and tests
# make generated   schemas, dashboards and tables of the documentation, from what they follow from
# make bench   all benchmarks, to docs/benchmarks.md (an hour; BENCH=--quick: 8 minutes)
# make evaluate DATA=DIR   how well texts are read, to docs/evaluation.md (DIR: labelled texts)
# make evaluate-detection   how well alerts tell a known truth, to docs/detection.md (minutes)
# make screenshots   the pictures of the board, to docs/screenshots/
# make crash-tests   processes and servers killed, stopped and starved, to docs/crash-tests.md (an hour)
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv pip install --python $(BIN)/python

.PHONY: setup run test check unit generated bench evaluate evaluate-detection screenshots crash-tests lock clean

setup: $(VENV)/.runtime

run: setup
	@$(BIN)/nabiz up

test: check
	tests/install-servers
	$(BIN)/pytest --numprocesses 2 --dist loadfile

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

unit: $(VENV)/.dev
	$(BIN)/pytest tests/unit

generated: $(VENV)/.dev
	$(BIN)/python -m pipeline.contracts.schemas
	$(BIN)/python -m pipeline.contracts.event_page
	$(BIN)/python -m pipeline.channels.page
	$(BIN)/python -m pipeline.kpi.page
	$(BIN)/python -m grafana
	$(BIN)/python -m grafana.guide

bench: $(VENV)/.bench
	tests/install-servers
	$(BIN)/python -m benchmarks $(BENCH)

evaluate: $(VENV)/.evaluation
	$(BIN)/python -m evaluation --save --data "$(or $(DATA),$(error Say where the labelled texts are: make evaluate DATA=DIR))"

evaluate-detection: $(VENV)/.dev
	$(BIN)/python -m evaluation.detection --save

screenshots: $(VENV)/.dev
	tests/install-servers
	$(BIN)/python -m tests.screenshots

crash-tests: $(VENV)/.dev
	tests/install-servers
	$(BIN)/python -m benchmarks.chaos --save

lock: $(BIN)/uv
	requirements/compile

clean:
	rm -rf $(VENV) nabiz-data

$(BIN)/uv: requirements/uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Nabız needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3"; exit 2; }
	@echo "Setting up Nabız in $(VENV): its packages are downloaded once, which takes a minute or more."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock

# Before 3.13, Python reads a .pth in the encoding of the locale, which may lack the folder's letters.
$(VENV)/.runtime: $(BIN)/uv requirements/runtime.lock pyproject.toml
	$(UV) --compile-bytecode --require-hashes -r requirements/runtime.lock
	$(UV) --quiet --no-deps -e .
	@cd $(VENV)/lib/python3*/site-packages && echo ../../../.. | tee *nabiz.pth >/dev/null
	@$(BIN)/python -m pipeline.broker.prepare
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock
	$(UV) --no-deps --require-hashes -r requirements/bench.lock
	@touch $@

$(VENV)/.evaluation: $(VENV)/.runtime requirements/evaluation.lock
	$(UV) --require-hashes -r requirements/evaluation.lock
	@touch $@

# In CI nothing may skip, so the extra `hf` (torch, 5 GB) is part of it there.
$(VENV)/.dev: $(VENV)/.runtime requirements/dev.lock requirements/hf.lock requirements/risk.lock
	$(UV) --require-hashes -r requirements/dev.lock
	$(UV) --require-hashes -r requirements/risk.lock
ifeq ($(CI),true)
	$(UV) --require-hashes -r requirements/hf.lock
endif
	@touch $@
