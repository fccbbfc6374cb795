# The one image of all roles, of the API with the board, and of the command `nabiz`.
FROM python:3.11.15-slim-bookworm AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/runtime.lock requirements/build.lock requirements/
RUN python -m venv --without-pip /opt/nabiz \
 && pip --python /opt/nabiz/bin/python install --require-hashes --only-binary=:all: \
      --requirement requirements/runtime.lock \
 && pip install --require-hashes --only-binary=:all: --requirement requirements/build.lock
COPY pyproject.toml README.md LICENSE ./
COPY pipeline pipeline
COPY agents agents
COPY connectors connectors
COPY desk desk
COPY docs/connectors docs/connectors
COPY rules rules
COPY schemas schemas
RUN python -m hatchling build --target wheel --directory dist \
 && pip --python /opt/nabiz/bin/python install --no-deps --no-index dist/*.whl

FROM python:3.11.15-slim-bookworm
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
 && groupadd --system --gid 10001 nabiz \
 && useradd --system --uid 10001 --gid nabiz --home-dir /var/lib/nabiz --no-create-home \
      --shell /usr/sbin/nologin nabiz \
 && install --directory --owner=nabiz --group=nabiz --mode=0700 /var/lib/nabiz
COPY --from=builder /opt/nabiz /opt/nabiz
COPY --chmod=0555 deploy/entrypoint deploy/first-user deploy/healthcheck /usr/local/bin/
ENV PATH=/opt/nabiz/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    NABIZ_DATA=/var/lib/nabiz \
    NABIZ_WORKER_PORT=9100
USER 10001:10001
WORKDIR /var/lib/nabiz
EXPOSE 8089 9100
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["healthcheck", "http://127.0.0.1:9100/healthz"]
ENTRYPOINT ["entrypoint"]
CMD ["--help"]
