# syntax=docker/dockerfile:1
# Two stages: the first builds with every package, the second carries what runs and nothing else.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY tsconfig.json nest-cli.json .swcrc ./
COPY apps apps
COPY libs libs
COPY scripts/bundle-threads.mjs scripts/
RUN npm run build && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
# What installs packages has no business where they run. The only place that is written to is /data: all else may be read-only.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && mkdir /data && chown node:node /data && chmod 700 /data
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4021 AUTH=keys DATA_DIR=/data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY scripts/health.mjs scripts/bootstrap.mjs scripts/runledger.mjs scripts/
USER node
VOLUME /data
EXPOSE 4021
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "scripts/health.mjs"]
# As in scripts/start.sh.
CMD ["node", "--max-semi-space-size=32", "dist/apps/server/src/main.js"]
