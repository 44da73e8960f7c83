# Two commands for a newcomer: `make demo` and `make test`. Each is enough on a fresh Debian machine with Go.

GO ?= go
STATICCHECK = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT  = $(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
FUZZTIME   ?= 20s

.PHONY: demo test check bench readme fuzz fuzz-reader deps bench-deps build

demo: ## play the whole story on embedded stand-ins: nothing to install but Go
	@$(GO) run ./cmd/demo

build: ## the product, as bin/liveops
	$(GO) build -trimpath -o bin/liveops ./cmd/liveops

test: deps ## every test, with the race detector, on a private MariaDB and on the embedded engine
	@# Most tests wait for servers rather than compute, so twice as many packages run at once as on their own.
	@# What has to hold at a size that the detector makes too dear runs without it, too.
	$(GO) run ./sandbox/mariadb/run -- sh -c '$(GO) test -race -p 4 -timeout 20m ./... && $(GO) test -run TestEveryTypeComesBackEqual ./sync/release'

check: ## formatting, vet, staticcheck, the import rules, workflows, known vulnerabilities
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(STATICCHECK) ./...
	$(GO) test -run 'TestImports' .
	$(ACTIONLINT) .github/workflows/*.yml examples/workflows/*.yml
	@# govulncheck ends with 3 where it finds a vulnerability, and with 1 where its database is out of reach.
	@GOBIN=$(CURDIR)/bin $(GO) install $(GOVULNCHECK)
	@bin/govulncheck ./... || { test $$? -ne 3 && echo 'govulncheck: its database is out of reach, not checked'; }

bench: deps bench-deps ## every figure; one line each
	$(GO) run ./cmd/bench

bench-%: deps bench-deps ## one figure
	$(GO) run ./cmd/bench $*

# put writes a file into the README between the comments <!-- NAME --> and <!-- end of NAME -->.
define put
@awk 'skip && /<!-- end of $(1) -->/ { skip = 0 } !skip { print } /<!-- $(1) -->/ { skip = 1; \
  print "\n`````text"; while ((getline line < "$(2)") > 0) if (line != "" || n++) print line; print "`````\n" }' README.md > bin/README.md
@mv bin/README.md README.md
endef

readme: ## put what the demo and the benchmarks print into the README
	@mkdir -p bin
	$(GO) run ./cmd/demo > bin/demo.txt
	$(call put,demo output,bin/demo.txt)
	$(GO) run ./cmd/bench > bin/figures.txt
	$(call put,figures,bin/figures.txt)

fuzz: ## every fuzz target for FUZZTIME
	@set -e; for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p; done; done

fuzz-reader: ## only the workbook reader against excelize's, shortly
	$(GO) test -run '^$$' -fuzz '^FuzzAgainstExcelize$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 20x ./datasheets/xlsx

deps: ## what the tests need besides Go, where it is missing
	@command -v git >/dev/null && { command -v mariadbd || test -x /usr/sbin/mariadbd; } >/dev/null && command -v soffice >/dev/null && \
	  { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null && /usr/bin/python3 -c 'import openpyxl' 2>/dev/null || { \
	  sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends \
	    mariadb-server mariadb-client git libreoffice-calc-nogui python3-openpyxl chromium; }

bench-deps: ## what the figures are held against, where it is missing
	@command -v pt-table-sync >/dev/null && command -v h2load >/dev/null && /usr/bin/python3 -c 'import openpyxl, pymysql' 2>/dev/null || { \
	  sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends percona-toolkit python3-pymysql python3-openpyxl nghttp2-client; }
