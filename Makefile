# `make run` and `make test` do all set-up on a fresh machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: run dev test check setup lock clean bench

run: setup
	@exec $(BIN)/gaze run --end-with-parent

dev: setup
	@exec $(BIN)/gaze run --end-with-parent --reload

setup: $(STAMP)

# uv is quick; plain pip does the same where uv cannot be had. Compiled ahead, it starts in half the time.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "GAZE needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 2>/dev/null || true
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q gaze
	@touch $@

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy gaze
	$(BIN)/lint-imports

test: setup
	@tests/setup.sh
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m bench

# New versions, at least ten days old, without any registry's address.
lock: setup
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--exclude-newer $$(date -d '10 days ago' +%F) --upgrade --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
