# `make demo` and `make test` need Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow lint bench docs dist licences clean lock lock-peers

demo: .venv/.core
	$(BIN)/watchkeeper demo

test: lint
	$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: .venv/.dev
	$(BIN)/python -m pytest -n 2 -m slow

lint: .venv/.dev
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	$(BIN)/python -m benchmarks.$(NAME)

# The reference pages, from the declarations in the code.
docs: .venv/.core
	$(BIN)/python -m watchkeeper.surfaces.reference docs/reference

# The wheel and the source archive, in dist/.
dist: .venv/.core
	$(BIN)/python -m hatchling build -d dist

# What an installation brings along: an SBOM (CycloneDX) and a list of licences, in dist/.
licences: .venv/.core
	$(BIN)/python tools/licences.py dist

.venv/.core: requirements/core.txt requirements/build.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/core.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/.dev: .venv/.core requirements/dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@

clean:
	rm -rf .venv dist watchkeeper-demo

# Needs `uv`; the result is the same on every platform and names no index.
UV_COMPILE = uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate
lock:
	printf 'hatchling>=1.27\neditables>=0.5\n' | $(UV_COMPILE) - -o requirements/build.txt
	$(UV_COMPILE) pyproject.toml -o requirements/core.txt
	$(UV_COMPILE) pyproject.toml --group dev -o requirements/dev.txt

# The environments of the other tools that `make bench NAME=peers` measures.
lock-peers:
	cd benchmarks/peers && for peer in *.in; do \
		uv pip compile --quiet --generate-hashes --python-version 3.11 --no-header --no-emit-index-url --no-annotate \
			$$peer -o $${peer%.in}.txt || exit 1; done
