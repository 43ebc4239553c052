# Each target installs what it needs: Python >= 3.11 and make are enough.
PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
RUN = $(UV) run --locked --python $(PYTHON) --no-python-downloads

.PHONY: demo check test test-slow test-install test-bulk fix clean bench-classify bench-redaction bench-learning bench-export bench-llm bench-queue faults bench-load bench-bulk deploy-check
demo: .venv/.ready
	$(RUN) triage demo $(ARGS)

# Format, lint, spelling, types and import rules: everything but the tests.
check: .venv/.ready
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) codespell . .github
	$(RUN) mypy
	$(RUN) lint-imports

test: check
	$(RUN) pytest -n 4 -m "not slow" $(ARGS)

# Slow tests of faults, in which several leases expire in turn or a back-off grows.
test-slow: .venv/.ready
	$(RUN) pytest -n 2 -m slow $(ARGS)

# Install the wheel as a user does, without development packages, and run a story of every verb.
test-install: .venv/.ready .venv-install/.ready
	TRIAGE_INSTALLED=$(CURDIR)/.venv-install/bin/triage $(RUN) pytest -n 2 --dist loadfile --timeout 900 tests/install $(ARGS)

WHEEL_IS_MADE_OF = pyproject.toml uv.lock README.md LICENSE NOTICE triage.toml \
	$(shell find bot classifiers learning sandbox storage -name __pycache__ -prune -o -print)

.venv-install/.ready: $(WHEEL_IS_MADE_OF) | $(filter .bootstrap/bin/uv,$(UV))
	rm -rf .venv-install/dist
	$(UV) venv --quiet --allow-existing --python $(PYTHON) --no-python-downloads .venv-install
	$(UV) build --quiet --wheel --out-dir .venv-install/dist
	$(UV) export --quiet --locked --no-dev --no-emit-project -o .venv-install/requirements.txt
	$(UV) pip sync --quiet --python .venv-install --require-hashes .venv-install/requirements.txt
	$(UV) pip install --quiet --python .venv-install --no-deps .venv-install/dist/*.whl
	@touch $@

# Test bulk work on a local Ray cluster of two workers and an S3 server: three minutes.
test-bulk: .venv-bulk/.ready
	.venv-bulk/bin/pytest tests/learning/bulk/test_ray_engine.py tests/learning/bulk/test_s3.py $(ARGS)

.venv-bulk/.ready: pyproject.toml uv.lock | $(filter .bootstrap/bin/uv,$(UV))
	UV_PROJECT_ENVIRONMENT=.venv-bulk $(UV) sync --locked --extra ray --extra remote --group bulk \
		--python $(PYTHON) --no-python-downloads
	@touch $@

fix: .venv/.ready
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

.bootstrap/bin/uv:
	$(PYTHON) -m venv .bootstrap
	.bootstrap/bin/python -m pip install --quiet "uv==0.13.9"

.venv/.ready: pyproject.toml uv.lock | $(filter .bootstrap/bin/uv,$(UV))
	$(UV) sync --locked --python $(PYTHON) --no-python-downloads
	@touch $@

# Compare our classifier with its alternatives: hours, or minutes with ARGS="--quick".
DATA ?= ../shared/data
bench-classify: .venv/.ready .benchmarks/peers/.ready .benchmarks/autointent/.ready
	$(RUN) python -m benchmarks.classify $(addprefix --data ,$(DATA)) $(ARGS)

# AutoIntent has its own environment: it requires an older sentence-transformers than SetFit.
.benchmarks/%/.ready: benchmarks/classify/%.txt benchmarks/classify/%-constraints.txt
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet -r $< -c benchmarks/classify/$*-constraints.txt
	@touch $@

# Compare redaction with tools that need no language model: about five minutes.
bench-redaction: .benchmarks/redactors/.ready
	.benchmarks/redactors/bin/python -m benchmarks.redaction --data $(firstword $(DATA)) $(ARGS)

.benchmarks/redactors/.ready: benchmarks/redaction/requirements.txt
	$(PYTHON) -m venv .benchmarks/redactors
	.benchmarks/redactors/bin/python -m pip install --quiet -r $<
	@touch $@

bench-learning: .venv/.ready
	$(RUN) python -m benchmarks.learning --data $(or $(DATA),../shared/data) $(ARGS)

# Export a million examples from a real Valkey in each format; a minute with ARGS="--examples 50000".
bench-export: .venv/.ready
	$(RUN) python -m benchmarks.export $(ARGS)

# Compare the bot with a bolt app that does nothing: five minutes, or half an hour with ARGS=--full.
bench-load: .venv/.ready
	$(RUN) python -m benchmarks.load $(ARGS)

# Compare `triage classify` on 20,480 texts with the model alone, three times in turn: ten minutes
# on two cores, or one minute with ARGS="--texts 4096 --rounds 1".
bench-bulk: .venv/.ready
	$(RUN) python -m benchmarks.load.bulk $(ARGS)

# Run hadolint, helm lint, helm template and Kubernetes' schemas: half a minute once installed.
deploy-check: .benchmarks/deploy/.ready
	.benchmarks/deploy/bin/python deploy/check.py

.benchmarks/deploy/.ready: deploy/requirements.txt
	$(PYTHON) -m venv .benchmarks/deploy
	.benchmarks/deploy/bin/python -m pip install --quiet -r $<
	@touch $@

# Measure the LLM classifier with a small local LLM: half an hour; ARGS="--sample 20" takes minutes.
bench-llm: .venv/.ready .benchmarks/llm/.ready
	$(RUN) python -m benchmarks.llm --data $(firstword $(DATA)) $(ARGS)

.benchmarks/llm/.ready: benchmarks/llm/requirements.txt
	$(PYTHON) -m venv .benchmarks/llm
	.benchmarks/llm/bin/python -m pip install --quiet --no-deps -r $<
	.benchmarks/llm/bin/python -m pip install --quiet matplotlib==3.11.2
	@touch $@

# Send 2,000 jobs through the inbox, bare consumer groups and three libraries, and kill workers
# with -9: ten minutes.
bench-queue: .venv/.ready .benchmarks/queue/.ready
	$(RUN) python -m benchmarks.queue --peers .benchmarks/queue/bin/python $(ARGS)

.benchmarks/queue/.ready: benchmarks/queue/peers.txt
	$(PYTHON) -m venv .benchmarks/queue
	.benchmarks/queue/bin/python -m pip install --quiet -r $<
	@touch $@

faults: .venv/.ready  # about 12 minutes; writes faults.json
	$(RUN) python -m tests.faults

clean:
	rm -rf .venv .venv-bulk .venv-install .bootstrap .mypy_cache .ruff_cache .pytest_cache
