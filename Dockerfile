# syntax=docker/dockerfile:1
# The locked set, built with uv; what runs has no compiler, no shell tools of ours, and no root.
FROM python:3.11-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project --extra otel
COPY README.md triage.toml ./
COPY bot ./bot
COPY classifiers ./classifiers
COPY learning ./learning
COPY sandbox ./sandbox
COPY storage ./storage
RUN uv sync --locked --no-dev --no-editable --extra otel

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 triage \
    && useradd --system --uid 10001 --gid triage --home-dir /data --no-create-home triage \
    && install --directory --owner=triage --group=triage --mode=0700 /data
COPY --from=build /src/.venv /src/.venv
COPY triage.toml /etc/triage/triage.toml
COPY LICENSE NOTICE /usr/share/doc/support-triage/
ENV PATH=/src/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRIAGE_CONFIG=/etc/triage/triage.toml \
    TRIAGE_DATA_DIR=/data \
    TRIAGE_HOST=0.0.0.0 \
    TRIAGE_METRICS_PORT=9400
USER 10001:10001
VOLUME /data
EXPOSE 3000 9400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['TRIAGE_METRICS_PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["triage"]
CMD ["run"]
