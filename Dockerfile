# SPDX-License-Identifier: Apache-2.0
#
# One image for all roles: `docker build -t galen .`, `docker run galen COMMAND` (docs/deployment.md).
# Any builder will do: nothing here needs BuildKit.
#
# Debian is pinned by its tag. A digest is the same bytes for ever, without the fixes that come
# after it, and helps only where something renews it (docs/deployment.md).
FROM debian:trixie-slim AS build
ARG VERSION=0.1.0
ARG SOURCE_DATE_EPOCH=0
ENV DEBIAN_FRONTEND=noninteractive
WORKDIR /build
# What the build needs changes seldom, and stays in the cache.
COPY tools/bootstrap tools/
# Debian keeps one version of a package at a time: one that is named here is gone with the next fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends chrpath make \
    && tools/bootstrap \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make build && deploy/docker/image-root "${VERSION}" /image

# The program and its libraries: no shell, no package manager, nothing else to be used against us.
FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="galen" \
      org.opencontainers.image.description="The serving side of clinical AI: gateway, preprocess, engine" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
# A number, so that Kubernetes sees that it is not root.
USER 65532:65532
WORKDIR /
# Clients, and Prometheus. The admin listener stays on loopback.
EXPOSE 8000 8002
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["/usr/bin/galen", "health"]
ENTRYPOINT ["/usr/bin/galen"]
CMD ["serve"]
