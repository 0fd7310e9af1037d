# syntax=docker/dockerfile:1
# One image for web, worker and migrate: what the web says about an engine is then true of the worker.
FROM python:3.13-slim

# Where torch comes from is pip's own setting: the default brings CUDA (and runs without a GPU too); for a smaller image
# name an index of CPU builds with --build-arg PIP_EXTRA_INDEX_URL=…
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 \
    PATH=/srv/stemma/.venv/bin:$PATH

WORKDIR /srv/stemma

# Dependencies first, by the same script as on a laptop, so that a change in the code does not fetch torch again.
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY requirements/ requirements/
COPY bin/setup bin/setup
RUN mkdir app && bin/setup engines && rm .venv/setup.log

COPY . .
# Root owns the code and writes the bytecode now: the studio cannot change either when it runs.
RUN python -m compileall -q app migrations \
    && useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin stemma \
    && install --directory --owner 10001 --group 10001 /data /models

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    HF_HOME=/models \
    STEMMA_DATA=/data \
    STEMMA_HOST=0.0.0.0 \
    STEMMA_LOG_FORMAT=json
USER 10001:10001
VOLUME ["/data", "/models"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
# Alone it needs a word that this is meant: docker run -e STEMMA_EXPOSE=1 -p 127.0.0.1:8000:8000 …
CMD ["stemma", "serve"]
