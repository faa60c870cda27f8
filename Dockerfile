# Anteroom's API. It needs DATABASE_URL: the embedded PostgreSQL is not in the image.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY api/package.json api/
# No install scripts and no optional packages: the image has its Node, and neither a second one nor PostgreSQL is wanted in it.
RUN npm ci --omit=dev --omit=optional --ignore-scripts
COPY prisma.config.ts ./
COPY prisma prisma
RUN node node_modules/prisma/build/index.js generate --no-hints

FROM node:24-slim AS web
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY api/package.json api/
COPY clients/offline/package.json clients/offline/
COPY clients/patient/package.json clients/patient/
COPY clients/web/package.json clients/web/
RUN npm ci --ignore-scripts
COPY api api
COPY clients clients
RUN node clients/web/build.ts && node clients/patient/build.ts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json schema.graphql ./
COPY prisma prisma
COPY api api
COPY --from=packages /app/api/database/generated api/database/generated
COPY --from=web /app/clients/web/dist clients/web/dist
COPY --from=web /app/clients/patient/dist clients/patient/dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# A tenth of a gigabyte less, and no slower: by itself Node keeps twice as much room for young objects.
CMD ["node", "--max-semi-space-size=16", "api/main.ts"]
