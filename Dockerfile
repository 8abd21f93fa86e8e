# Builds the service and leaves only the binary: docker build -t promotion-engine .
# It is linked statically against musl, and the image has nothing else in it: no shell, no libraries, no package manager.
# Roots of TLS, time zones and the schema are in the binary. The embedded database needs PostgreSQL's programs and so is not
# for this image: DATABASE_URL must be set.
# The statements are checked against the committed .sqlx folder, so that the build needs no database.

FROM rust:1.98.0-alpine3.24@sha256:a10e64dd139b7387337c7fbe8aca31b959b57b2fd4c8ae20a02cf1d6ea424dce AS base

# The console, with Node.js. It is made anew only when its own files change.
FROM base AS console
RUN apk add --no-cache nodejs npm
WORKDIR /console
COPY console/package.json console/package-lock.json console/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY console/tsconfig.json console/vite.config.ts ./
COPY console/app app
RUN node node_modules/vite/bin/vite.js build

FROM base AS build
# The allocator and the provider of cryptography have parts in C.
RUN apk add --no-cache build-base
WORKDIR /build
COPY . .
COPY --from=console /console/dist /console
RUN CONSOLE_DIST=/console cargo build --profile dist --features dist --locked

FROM scratch
COPY --from=build /build/target/dist/promotion-engine /promotion-engine
USER 10001:10001
ENV LISTEN_ADDR=0.0.0.0:8080 \
    LOG_FORMAT=json
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/promotion-engine", "health"]
ENTRYPOINT ["/promotion-engine"]
CMD ["serve"]
