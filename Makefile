# make site builds the site into build/site; make test runs every test. Both set up what they need.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PIP_NO_INPUT := 1

.PHONY: site serve check test every-page each-test-file lint format lock sbom screenshots guide lighthouse benchmarks validate clean
site: .venv/ready node_modules/ready
	$(BIN)/portal build

serve: .venv/ready node_modules/ready
	$(BIN)/portal serve

check: .venv/ready
	$(BIN)/portal check

test: .venv/ready-dev node_modules/ready-dev lint
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest

# Builds the site, serves it with its real headers, opens every page, and prints what was counted.
every-page: .venv/ready-dev node_modules/ready-dev
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest tests/test_every_page.py tests/test_markup.py

# Runs each file of tests in a process of its own, and lists those that fail there: no file may need another.
each-test-file: .venv/ready-dev node_modules/ready-dev
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python scripts/each_test_file.py $(FILES)

lint: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs uv. The lock files carry hashes and no registry address.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --group build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --group build --group dev -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --group node -o requirements-node.lock
	npm install --package-lock-only

# Every package that the site is built with, as CycloneDX, in build/sbom.json.
sbom: .venv/ready-dev
	$(BIN)/python scripts/sbom.py

screenshots: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	$(BIN)/python scripts/screenshots.py --readme

# The pictures of docs/tutorial/quarterly-update.md, taken while its steps are done in a copy of this folder.
guide: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	rm -rf build/guide && mkdir -p build/guide/portal/build
	git ls-files -z | grep -zv '^tests/' | xargs -0 cp --parents -t build/guide/portal
	ln -s $(CURDIR)/.venv $(CURDIR)/node_modules build/guide/portal
	cp -r build/site build/sites build/cache build/guide/portal/build
	$(BIN)/python scripts/guide.py build/guide/portal

# How the site does on a slow phone. Lighthouse is large, so nothing else installs it.
lighthouse: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	cd benchmarks && npm ci --silent
	$(BIN)/python benchmarks/phone.py

# Everything that is measured, beside something else. WARDS is a file of “MPS Ward Level Crime”; of it larger sites are made.
benchmarks: .venv/ready-dev node_modules/ready-dev
	cd benchmarks && npm ci --silent
	$(BIN)/python benchmarks/all.py $(WARDS)

# What others wrote to check open data, run on this site; docs/reference/validators.md keeps what it says.
validate: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	$(BIN)/python tests/validators.py

clean:
	rm -rf build .venv node_modules benchmarks/node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "This needs Python 3.11 or newer; $(PYTHON) is older. Install a newer one and run: make site PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "Python could not make the environment. On Debian or Ubuntu run: sudo apt-get install python3-venv"; exit 1; }

.venv/ready: .venv/bin/python requirements.lock pyproject.toml
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# The machine's npm where there is one, else the one that comes as a Python package.
FETCH = fetch() { if command -v npm >/dev/null 2>&1; then npm ci --silent "$$@"; else \
	  $(PIP) --require-hashes -r requirements-node.lock && PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent "$$@"; fi; }; fetch

node_modules/ready: .venv/ready package.json package-lock.json requirements-node.lock
	@$(FETCH) --omit=dev
	@touch $@

# With what only the tests need. Fetching empties the folder, so both marks are made anew.
node_modules/ready-dev: .venv/ready package.json package-lock.json requirements-node.lock
	@$(FETCH)
	@touch node_modules/ready $@
