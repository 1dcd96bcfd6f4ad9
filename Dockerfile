# One image for server and worker: haigo, its trainer plugins and plugins.yaml, with the pages inside the program.
FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=optional --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
ARG VERSION=unknown
RUN make go VERSION=$VERSION

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --create-home haigo && install -d -o haigo -g haigo /data
COPY --from=build /src/bin/ /usr/local/lib/haigo/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
RUN ln -s /usr/local/lib/haigo/haigo /usr/local/bin/haigo
USER haigo
ENV HAIGO_DATA=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["haigo"]
CMD ["serve"]
