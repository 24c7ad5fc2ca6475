# make site builds the site into build/site; make test tests it. Each target installs what it needs first.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PIP_NO_INPUT := 1
# Empty, so that each of the many commands that the tests start does not compile the whole program again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: site serve check test test-thorough coverage every-page each-test-file lint format docs lock sbom screenshots guide lighthouse benchmarks validate clean

site: .venv/ready node_modules/ready
	$(BIN)/portal build

serve: .venv/ready node_modules/ready
	$(BIN)/portal serve

check: .venv/ready
	$(BIN)/portal check

test: .venv/ready-dev node_modules/ready-dev lint
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest

# Every test, those that take long too, with more examples; before a release.
test-thorough: .venv/ready-dev node_modules/ready-dev lint
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest --thorough

# The same, with the share of the code that the tests run; fails under the floor in pyproject.toml. Runs where the site is
# published.
coverage: .venv/ready-dev node_modules/ready-dev lint
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest --thorough --cov --cov-report=term:skip-covered

# Builds the site, serves it with its real headers, opens every page and prints what it counted.
every-page: .venv/ready-dev node_modules/ready-dev
	$(BIN)/python scripts/need_programs.py
	$(BIN)/python -m pytest --thorough tests/in_browser/test_every_page.py tests/integration/test_markup.py

# Runs each test file in its own process and lists those that fail, so that no file depends on another.
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

# This documentation as a site, in build/docs. A broken link stops it.
docs: .venv/ready
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --config-file docs.yml

# Needs uv and npm. The lock files carry hashes and no registry address.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --group build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  pyproject.toml --group build --group dev -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url \
	  --group node -o requirements-node.lock
	npm install --package-lock-only
	cd benchmarks && npm install --package-lock-only

# A software bill of materials (CycloneDX), in build/sbom.json.
sbom: .venv/ready-dev
	$(BIN)/python scripts/sbom.py

screenshots: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	$(BIN)/python scripts/screenshots.py --readme

# The pictures of the two tutorials, taken while their steps run in copies of this folder.
guide: .venv/ready-dev node_modules/ready-dev
	$(BIN)/portal build
	rm -rf build/guide && mkdir -p build/guide/portal/build
	git ls-files -z | grep -zv '^tests/' | xargs -0 cp --parents -t build/guide/portal
	ln -s $(CURDIR)/.venv $(CURDIR)/node_modules build/guide/portal
	cp -r build/site build/sites build/cache build/guide/portal/build
	cp -r build/guide/portal build/guide/by-clicks
	$(BIN)/python scripts/guide.py build/guide/portal
	$(BIN)/python scripts/desk_guide.py build/guide/by-clicks

# How the site performs on a slow phone. Lighthouse is large, so nothing else installs it.
lighthouse: .venv/ready-dev node_modules/ready-dev benchmarks/node_modules/ready
	$(BIN)/portal build
	$(WITH_NODE) $(BIN)/python benchmarks/phone.py

# Every benchmark. WARDS is a file of “MPS Ward Level Crime”, from which larger sites are made.
benchmarks: .venv/ready-dev node_modules/ready-dev benchmarks/node_modules/ready
	$(WITH_NODE) $(BIN)/python benchmarks/all.py $(WARDS)

# Runs public validators on the open data; copy the result to docs/reference/validators.md.
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

# A Node that is installed in .venv comes before the machine's.
WITH_NODE = PATH="$(CURDIR)/$(BIN):$$PATH"
NODE_IN_VENV = $(PIP) --require-hashes -r requirements-node.lock
NPM_CI = $(WITH_NODE) npm ci --no-progress --loglevel=error

# npm from the machine where there is one, else from a Python package.
node_modules/ready: .venv/ready package.json package-lock.json requirements-node.lock
	@command -v npm >/dev/null 2>&1 || $(NODE_IN_VENV)
	@$(NPM_CI) --omit=dev
	@touch $@

# With what only the tests need. npm empties the folder first, so both marks are renewed.
node_modules/ready-dev: .venv/ready package.json package-lock.json requirements-node.lock
	@command -v npm >/dev/null 2>&1 || $(NODE_IN_VENV)
	@$(NPM_CI)
	@touch node_modules/ready $@

# Lighthouse needs Node 22.19 or newer, which many systems do not have yet.
NODE_IS_NEW = node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 19) ? 0 : 1)'

benchmarks/node_modules/ready: .venv/ready benchmarks/package.json benchmarks/package-lock.json requirements-node.lock
	@$(NODE_IS_NEW) 2>/dev/null || $(NODE_IN_VENV)
	@cd benchmarks && $(NPM_CI)
	@touch $@
