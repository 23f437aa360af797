# The image of web, workers, beat and every one-off command. Nothing secret goes in: keys and passwords are given at run
# time. Bases are pinned to a patch release; docs/operations.md says how to pin them to a digest and how to mirror them.
ARG PYTHON_IMAGE=python:3.11.14-slim-trixie
ARG NODE_IMAGE=node:24.11.1-bookworm-slim

# ---- front-end files, as locked
FROM ${NODE_IMAGE} AS assets
WORKDIR /build/assets
COPY assets/package.json assets/package-lock.json assets/.npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

# ---- Python packages (every file checked by its hash), texts and static files
FROM ${PYTHON_IMAGE} AS build
ENV PYTHONUTF8=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.lock requirements-sentry.lock ./
# --build-arg WITH_SENTRY=1 adds what SENTRY_DSN needs.
ARG WITH_SENTRY=""
RUN /opt/venv/bin/pip install --require-hashes --only-binary=:all: \
    -r "requirements${WITH_SENTRY:+-sentry}.lock"
COPY . .
COPY --from=assets /build/assets/node_modules assets/node_modules
ENV PATH=/opt/venv/bin:$PATH DJANGO_SETTINGS_MODULE=dealership.settings.build
RUN python -m devtools.assets \
    && python -m devtools.translations \
    && python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf assets devtools var/vendor requirements*.lock \
    && python -m compileall -q /app

# ---- what runs
FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --gid 10001 shuncheng \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin shuncheng \
    && install -d -o 10001 -g 10001 -m 0700 /data /data/private /data/backups
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUTF8=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=dealership.settings.production
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["gunicorn", "dealership.wsgi:application"]
