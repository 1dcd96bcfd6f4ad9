# make demo   sets everything up and runs the main job: two arms, two seeds, one shared link
# make test   sets everything up and runs every check that CI runs

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
PLUGINS := cpu
NPM     := npm --prefix web --no-audit --no-fund --no-update-notifier

.PHONY: help demo test build web go lint types browser clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | head -n 12

demo: build
	bin/haigo demo

# The whole set of checks, in order of speed; what can't run here says "not run: …".
test: build
	.ci/test

build: web go

web: web/node_modules/.package-lock.json
	$(NPM) run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	$(NPM) ci --silent
	@touch $@

go: bin/plugins.yaml

bin/plugins.yaml: FORCE
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/haigo ./services/cmd/haigo
	for p in $(PLUGINS); do go build -trimpath -ldflags '$(LDFLAGS)' -o bin/haigo-$$p ./plugins/$$p || exit 1; done
	.ci/plugins bin $(PLUGINS) > $@.new && mv $@.new $@

lint: bin/tools/golangci-lint
	bin/tools/golangci-lint run ./...

bin/tools/golangci-lint: .ci/tools/go.mod .ci/tools/go.sum
	@mkdir -p bin/tools
	cd .ci/tools && go build -o ../../bin/tools/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

types: web/node_modules/.package-lock.json
	$(NPM) run --silent check

clean:
	rm -rf bin dist web/node_modules
	find web/dist -mindepth 1 ! -name .keep -delete

FORCE:
