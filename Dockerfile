# Builds the service and leaves only the binary: docker build -t promotion-engine .
# The statements are checked against the committed .sqlx folder, so that the build needs no database.

FROM rust:1-slim-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/promotion-engine --create-home --shell /usr/sbin/nologin promotion-engine
COPY --from=build /build/target/release/promotion-engine /usr/local/bin/promotion-engine
USER promotion-engine
WORKDIR /var/lib/promotion-engine
ENV LISTEN_ADDR=0.0.0.0:8080 \
    DATA_DIR=/var/lib/promotion-engine/data \
    LOG_FORMAT=json
EXPOSE 8080
# The image has no HTTP client, but bash can speak to a port. The port is that of LISTEN_ADDR.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>\"/dev/tcp/127.0.0.1/${LISTEN_ADDR##*:}\" && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["promotion-engine"]
CMD ["serve"]
