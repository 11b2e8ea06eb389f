# The one entrance to the project: `make` lists what there is.
# It needs make, a Python of 3.11 or later with its venv module, and a package index for pip.

PYTHON      ?= python3
PYTEST_JOBS ?= 4
LOCK_FLAGS  ?=

VENV     := .venv
VENV_DEV := .venv-dev
RUN      := $(VENV)/bin
DEV      := $(VENV_DEV)/bin
PIP      := -m pip --quiet --disable-pip-version-check
INSTALL  := $(PIP) install

# The tests start the command some hundred times: what it is compiled to is kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@echo "usage: make <target>"
	@echo
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-8s  %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "another Python: make test PYTHON=python3.12"

.PHONY: demo
demo: $(VENV)/.installed ## Install what is needed to run, then show the whole way on made-up data
	@$(RUN)/rebated demo

.PHONY: test
test: lint ## Check style, types and import rules, then run all tests but chaos
	$(DEV)/pytest -n $(PYTEST_JOBS) --dist worksteal -m "not chaos"

.PHONY: lint
lint: $(VENV_DEV)/.installed ## Check style, types and import rules
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/lint-imports --no-logo

.PHONY: format
format: $(VENV_DEV)/.installed ## Put the code into the one format and mend what can be mended
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

.PHONY: chaos
chaos: $(VENV_DEV)/.installed ## Run the tests that kill, cut and delay on purpose
	$(DEV)/pytest -n $(PYTEST_JOBS) --dist worksteal -m chaos

.PHONY: mutation
mutation: $(VENV_DEV)/.installed ## Put small faults into what reckons money, and see whether tests notice each (half an hour)
	$(DEV)/mutmut run --max-children $(PYTEST_JOBS)
	@$(DEV)/mutmut results --all true | awk '{ \
		split($$1, name, "."); module = name[2]; total[module]++; \
		if ($$2 == "killed" || $$2 == "timeout") killed[module]++ } \
		END { for (module in total) printf "%-20s %4d of %4d killed\n", module, killed[module], total[module] }' | sort

.PHONY: bench
bench: $(VENV_DEV)/.installed ## Measure speed and memory on this machine
	$(DEV)/python -m bench

.PHONY: docs
docs: $(VENV_DEV)/.installed ## Write the generated pages under docs/ anew
	$(DEV)/python -m scheduler.reference docs

.PHONY: lock
lock: .venv-lock/.installed ## Write the lock files anew (newer versions: LOCK_FLAGS=--upgrade)
	$(LOCK) --extra odoo --extra postgres --extra rest --extra soap --extra ntlm --group build pyproject.toml -o requirements/runtime.lock
	$(LOCK) --extra odoo --extra postgres --extra rest --extra soap --extra ntlm --group build --group dev -c requirements/runtime.lock pyproject.toml -o requirements/dev.lock

.PHONY: clean
clean: ## Remove environments, caches and output
	rm -rf $(VENV) $(VENV_DEV) .venv-lock build dist demo-out mutants .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------- behind the targets

# An environment is made anew when pyproject.toml or its lock changes, and only then.
# Every package is checked against the hash in the lock; the project itself is installed in place.

$(VENV)/.installed: pyproject.toml requirements/runtime.lock
	@$(need_python)
	@echo "Installing rebated into $(VENV). This takes about a minute, the first time only."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(RUN)/python $(INSTALL) --require-hashes -r requirements/runtime.lock
	@$(RUN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV_DEV)/.installed: pyproject.toml requirements/dev.lock
	@$(need_python)
	@echo "Installing rebated and its tools into $(VENV_DEV). This takes a minute or two, the first time only."
	@$(PYTHON) -m venv --clear $(VENV_DEV)
	@$(DEV)/python $(INSTALL) --require-hashes -r requirements/dev.lock
	@$(DEV)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv-lock/.installed:
	@$(need_python)
	@echo "Installing the lock tool into .venv-lock."
	@$(PYTHON) -m venv --clear .venv-lock
	@.venv-lock/bin/python $(INSTALL) 'uv>=0.9,<1'
	@touch $@

# uv writes no index address and no path of this machine unless asked to; the header names `make lock` only.
LOCK = .venv-lock/bin/uv --quiet pip compile --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(LOCK_FLAGS)

define need_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "rebated needs Python 3.11 or later, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | grep -m 1 ^Python || echo missing)." >&2; \
	echo "Install a newer Python, or name one you have: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; \
	exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "'$(PYTHON)' cannot make virtual environments." >&2; \
	echo "Install its venv module (on Debian and Ubuntu: apt-get install python3-venv) and try again." >&2; \
	exit 1; }
endef
