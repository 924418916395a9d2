# Two commands for a newcomer: `make demo` and `make test`. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A torch without CUDA: a plain range would take several gigabytes of CUDA packages (docs/install.md).
TORCH_VERSION ?= 2.13.0
TORCH := $(if $(filter Darwin,$(shell uname -s)),torch==$(TORCH_VERSION),torch==$(TORCH_VERSION)+cpu)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# Axolotl pins its own versions and pulls CUDA packages: it lives apart, and without what its validator does not import.
AXOLOTL := axolotl==0.19.0 axolotl-contribs-lgpl==0.0.7 axolotl-contribs-mit==0.0.6 peft==0.20.0 trl==1.9.0
DEEPSPEED := 'deepspeed>=0.18.6,<0.19' hjson msgpack ninja nvidia-ml-py py-cpuinfo
DEMO ?= demo
# Two workers halve the suite on two cores; more gain little and cost memory.
TEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help env system demo test test-slow check format builtin docs axolotl clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

env: $(VENV)/.installed  ## build .venv and install the package there

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --retries 1 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

system:  ## bubblewrap and valgrind for the sandbox, from the system, where we may install them
	@command -v bwrap >/dev/null && command -v valgrind >/dev/null || { \
	  command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && { \
	    apt-get install -y -q bubblewrap valgrind >/dev/null 2>&1 || \
	    { apt-get update -q >/dev/null 2>&1 && apt-get install -y -q bubblewrap valgrind >/dev/null 2>&1; }; }; } || \
	  echo "no bubblewrap or no valgrind; see docs/sandbox.md for what holds without"

demo: env  ## the whole recipe on this machine, offline: real code -> pairs -> models -> report
	$(BIN)/codefavor quickstart --out $(DEMO)

test: env system  ## every test that needs no network, GPU or long wait
	$(BIN)/python -m pytest -n $(TEST_WORKERS) -m 'not slow and not network and not gpu' src tests

test-slow: env system  ## the tests left out of `make test` for their length
	$(BIN)/python -m pytest -m 'slow and not network and not gpu' tests

check: env  ## formatting, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: env  ## rewrite the sources as `check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

axolotl:  ## an environment with Axolotl's validator in .axolotl, without CUDA, and the tests that ask it
	test -x .axolotl/bin/python || $(PYTHON) -m venv .axolotl
	.axolotl/bin/python -m pip install --quiet --retries 1 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	.axolotl/bin/python -m pip install --quiet --retries 1 -r tests/recipes/axolotl-requirements.txt
	.axolotl/bin/python -m pip install --quiet --retries 1 --no-deps $(AXOLOTL)
	DS_BUILD_OPS=0 .axolotl/bin/python -m pip install --quiet --retries 1 --no-deps --no-build-isolation $(DEEPSPEED)
	CODEFAVOR_AXOLOTL_PYTHON=$(CURDIR)/.axolotl/bin/python $(BIN)/python -m pytest -m slow tests/recipes

docs: env  ## write the pages of docs/ that come from the program itself: commands and security rules
	$(BIN)/python -m codefavor.cli.reference > docs/commands.md
	$(BIN)/python -m codefavor.judges.evidence.security.reference > docs/security-rules.md

builtin: env  ## make the feature model that ships with the package again, by the quickstart's own steps
	$(BIN)/codefavor quickstart --out build/builtin --until linear
	mkdir -p src/codefavor/judges/builtin
	cp build/builtin/linear/model.safetensors build/builtin/linear/card.json src/codefavor/judges/builtin/

clean:  ## remove what make built
	rm -rf $(VENV) $(DEMO) build dist
