# Everything runs from a fresh clone: each target makes what it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

# Jupyter asks for this where everything runs as root, as in a container.
ROOT := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

# Only the tests use onnxruntime-node, and its binaries for the processor are in the package already.
export ONNXRUNTIME_NODE_INSTALL = skip
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = 1

.PHONY: lab build check test test-real bench lite clean model

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

build: node_modules/.installed
	npm run --silent build:prod

# The package itself, editable, with its labextension linked rather than copied.
$(VENV)/.linked: $(VENV)/.installed pyproject.toml node_modules/.installed
	test -e jupyterlab_loupe/labextension/static/kernel/worker.js || npm run --silent build:prod
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	$(BIN)/python scripts/link.py
	touch $@

model: $(VENV)/.linked
	$(BIN)/jupyter loupe pull smollm2-135m

lab: build $(VENV)/.linked model
	$(BIN)/jupyter lab notebooks/00-quickstart.ipynb $(ROOT) $(ARGS)

check: node_modules/.installed
	node scripts/test.mjs check

test:
	sh scripts/test-setup.sh
	$(MAKE) --no-print-directory build $(VENV)/.linked model
	node scripts/test.mjs all

test-real: build $(VENV)/.linked model
	LOUPE_MODEL_DIRS="$$($(BIN)/python scripts/fetch_qwen.py .cache/models)$${LOUPE_MODEL_DIRS:+:$$LOUPE_MODEL_DIRS}" node scripts/test.mjs real

bench: build $(VENV)/.linked model
	node tests/benchmarks/bench.mjs $(ARGS)

lite: build $(VENV)/.linked model
	$(BIN)/python scripts/lite.py $(ARGS)

clean:
	rm -rf lib _output dist jupyterlab_loupe/labextension jupyterlab_loupe/server_kernel tests/.output
