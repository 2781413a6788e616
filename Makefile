# Everything happens in a private environment, .venv. All it takes is make and Python 3.11 or newer.
#   make run    the main job: a recorded call, rendered and delivered (callflow demo)
#   make test   every test;  make test ARGS="tests/media -x"  some of them
#   make lint   style and types        make bench  speed and memory, beside SimPy
#   make clean  remove what the targets made        make pins  renew requirements/*.txt

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: run test lint format coverage bench golden pins clean
.DEFAULT_GOAL := run

# The first of these that is new enough and can make a virtual environment; PYTHON=... on the command line overrides.
CAN_SERVE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$python" -c '$(CAN_SERVE)' >/dev/null 2>&1 && echo "$$python" && break; done)

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

run: $(VENV)/run.stamp
	$(BIN)/callflow demo

test: $(VENV)/test.stamp
	PYTHONWARNINGS=error $(BIN)/python -P -m pytest $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python tools/typeroot.py
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

coverage: $(VENV)/test.stamp
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage report

bench: $(VENV)/test.stamp
	$(BIN)/python bench/run.py $(ARGS)

golden: $(VENV)/test.stamp
	$(BIN)/python -P tools/golden.py

pins: $(VENV)/dev.stamp
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/pins.py

clean:
	rm -rf $(VENV) build dist out *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# run.stamp, test.stamp, dev.stamp: that set of pins is installed, and the package on top of it, editable. Hashes and an
# editable package do not go together in one call of pip.
$(VENV)/%.stamp: requirements/%.txt pyproject.toml $(VENV)/made.stamp
	@echo "Installing requirements/$*.txt into $(VENV) ..." >&2
	@$(PIP) --require-hashes -r $<
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Says what is missing: on Debian and Ubuntu, venv is a package of its own.
$(VENV)/made.stamp:
	@python="$(PYTHON)"; \
	if [ -n "$$python" ] && "$$python" -c '$(CAN_SERVE)' >/dev/null 2>&1; then \
		"$$python" -m venv --clear $(VENV) && touch $@ && exit 0 || exit 1; \
	fi; \
	for found in $${python:-python3 python3.13 python3.12 python3.11}; do \
		version=$$("$$found" -c 'import sys; sys.version_info >= (3, 11) and print("%d.%d" % sys.version_info[:2])' 2>/dev/null); \
		[ -z "$$version" ] || break; \
	done; \
	if [ -n "$$version" ]; then \
		echo "make: $$found has no venv module to make an environment with; Debian, Ubuntu: apt-get install python$$version-venv"; \
	else \
		echo "make: $${python:-nothing on the PATH} is no Python 3.11 or newer; Debian, Ubuntu: apt-get install python3 python3-venv," \
			"or name one: make PYTHON=..."; \
	fi >&2; \
	exit 1
