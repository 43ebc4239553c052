# Everything below sets itself up: Python >= 3.11 and make are enough.
PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
RUN = $(UV) run --locked --python $(PYTHON) --no-python-downloads

.PHONY: demo test fix clean
demo: .venv/.ready
	$(RUN) triage demo $(ARGS)

test: .venv/.ready
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) pytest $(ARGS)

fix: .venv/.ready
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

.bootstrap/bin/uv:
	$(PYTHON) -m venv .bootstrap
	.bootstrap/bin/python -m pip install --quiet "uv==0.13.9"

.venv/.ready: pyproject.toml uv.lock | $(filter .bootstrap/bin/uv,$(UV))
	$(UV) sync --locked --python $(PYTHON) --no-python-downloads
	@touch $@

clean:
	rm -rf .venv .bootstrap .mypy_cache .ruff_cache .pytest_cache
