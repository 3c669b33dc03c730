# Debian with glibc: the Temporal SDK's native part has no build for musl.
FROM node:22-bookworm-slim AS build
WORKDIR /pollux
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY simulator simulator
COPY test/contract/suites test/contract/suites
RUN node scripts/build.mjs --keep-schema && npm prune --omit=dev

FROM node:22-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir -p /var/lib/pollux \
  && chown node:node /var/lib/pollux
WORKDIR /pollux
# Fewer arenas of malloc: about 35 MiB less.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
COPY --from=build /pollux/package.json ./
COPY --from=build /pollux/node_modules node_modules
COPY --from=build /pollux/dist dist
COPY bin bin
COPY schema schema
USER node
VOLUME /var/lib/pollux
EXPOSE 9465
CMD ["node", "bin/pollux", "worker", "--config", "/etc/pollux/pollux.yaml", "--health-port", "9465"]
