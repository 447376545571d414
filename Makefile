# Two commands are all one needs: `make report` and `make test`. Each sets up .venv first.
# The plain commands behind them stand in README.md, for machines without make.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
UV := $(shell command -v uv 2>/dev/null)
RUN := $(BIN)/python -m
CAMPAIGN ?= data/demo
READY := .venv/ready

export UV_PYTHON_DOWNLOADS = never

.DEFAULT_GOAL := help
.PHONY: help setup report test test-stats check lab bench shots lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the environment in .venv (uv where present, else pip)

# uv leaves modules uncompiled unless told, and then every import stays slow.
$(READY): requirements.lock pyproject.toml
ifneq ($(UV),)
	test -x $(BIN)/python || "$(UV)" venv --quiet --python "$(PYTHON)" .venv
	"$(UV)" pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements.lock
	"$(UV)" pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	$(BIN)/python -m compileall -q src
	$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

report: $(READY)  ## ingest, score and report the demo campaign: reports/demo/index.html
	$(BIN)/evaltools run $(CAMPAIGN)

test: $(READY)  ## run the test suite; writes build/junit.xml
	$(RUN) pytest -n auto --junitxml=build/junit.xml

test-stats: $(READY)  ## run tests/stats with numpy, pandas, scipy and statsmodels alone
	$(BIN)/python -c "import pathlib, re; p = pathlib.Path('build'); p.mkdir(exist_ok=True); p.joinpath('constraints.txt').write_text('\n'.join(re.findall(r'^[a-z0-9].*?==.*?(?= \\\\|$$)', pathlib.Path('requirements.lock').read_text(), re.M)) + '\n')"
	$(BIN)/python -m venv --clear build/venv-stats
	build/venv-stats/$(notdir $(BIN))/python -m pip install --quiet --disable-pip-version-check -c build/constraints.txt numpy pandas scipy statsmodels hypothesis pytest
	PYTHONPATH=src build/venv-stats/$(notdir $(BIN))/python -m pytest tests/stats --confcutdir tests/stats

check: $(READY)  ## lint, format and types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

lab: $(READY)  ## open JupyterLab on the demo campaign
	$(BIN)/evaltools lab $(CAMPAIGN)

bench: $(READY)  ## measure, beside a peer in the same run; adds to benchmarks/results/bench.json
	$(BIN)/python benchmarks/change_speed.py --peer --large 10000000 --bench benchmarks/results/bench.json
	$(BIN)/python benchmarks/reading_speed.py --bench benchmarks/results/bench.json

shots: $(READY)  ## take pictures of the demo's pages in headless Chromium: build/shots/
	$(BIN)/python benchmarks/shots.py

lock: $(READY)  ## write requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock

clean:  ## remove what was built; campaigns and their stores stay
	$(PYTHON) -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in ('.venv', 'build', 'dist', '.mypy_cache', '.ruff_cache', '.pytest_cache')]"
