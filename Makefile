# Two commands are all a newcomer needs: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Debian packages: what the server links and runs with, and what the tests need besides.
PACKAGES      := libssl-dev libcrypt-dev libcurl4-openssl-dev libldap2-dev libsqlite3-dev
TEST_PACKAGES := chromium python3-venv openssl curl slapd ldap-utils prometheus
VENV          := .venv
PYTHON        := $(VENV)/bin/python
FUZZ_SECONDS  ?= 600
STRICT        := --explicit-target-dependency-import-check error
# slapd would ask for a password.
APT           := $(if $(filter 0,$(shell id -u)),,sudo )env DEBIAN_FRONTEND=noninteractive apt-get

.PHONY: help run certificates build release test test-swift test-browser test-fuzz fuzz lint docs format bench packages test-packages clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: release ## build, and start the server with plugins.json
	@echo
	@echo "Demo log-ins: alice, bob and carol; the password of each is: demo"
	@echo "Open the page in two tabs, log in as two of them, and call."
	@echo "The operator's dashboard (admin, http://…) asks for the token of plugins.json: demo-operator-token"
	@exec .build/release/anynode-server --config plugins.json

certificates: ## a development authority and a server certificate, in certificates/ (FORCE=1: anew)
	@Scripts/make-certificates

build: packages ## debug build of everything
	swift build $(STRICT)

release: packages ## release build of the server and anynodectl
	swift build -c release --product anynode-server
	swift build -c release --product anynodectl

test: packages test-packages lint test-swift test-browser test-fuzz ## everything CI runs

test-swift: packages test-packages ## unit, plugin and scenario tests
	swift build --build-tests $(STRICT)
	swift test --skip-build

test-browser: packages test-packages ## real Chromium, the README's examples, the configuration schema
	swift build $(STRICT) --product anynode-server
	swift build $(STRICT) --product push-simulator
	swift build $(STRICT) --product anynodectl
	$(PYTHON) -m pytest Tests/BrowserTests -q

# In the folder of the debug build, for the sake of what others wrote: building that again takes longer than all else.
test-fuzz: packages ## every fuzz target for five seconds
	ANYNODE_FUZZ=1 swift build --product anynode-fuzz
	FUZZ_SECONDS=5 FUZZ_DRIVER=.build/debug/anynode-fuzz Fuzzing/fuzz.sh

fuzz: packages ## every fuzz target for FUZZ_SECONDS, 600 unless given (Fuzzing/README.md)
	ANYNODE_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product anynode-fuzz
	FUZZ_SECONDS=$(FUZZ_SECONDS) Fuzzing/fuzz.sh

lint: ## formatting, and that Telephony imports nothing
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Fuzzing
	@! grep -rnE '^\s*(@[a-zA-Z_]+ )*((public|package|internal|private|fileprivate) )?import ' Sources/Core/Telephony \
		|| { echo 'Telephony must import nothing'; exit 1; }

docs: packages ## the tables of docs/configuration.md, the schema and the sample of metrics, from the code
	swift build --build-tests $(STRICT)
	ANYNODE_WRITE_DOCUMENTS=1 swift test --skip-build --filter "ConfigurationDocumentTests|SampleMetricsTests"

format: ## format all Swift files
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Fuzzing

bench: packages ## speed and size, in a few minutes (Benchmarks/README.md)
	swift build -c release
	.build/release/exchange-bench
	.build/release/token-bench
	.build/release/directory-bench
	.build/release/push-bench
	.build/release/anynode-bench all

packages:
	@dpkg -s $(PACKAGES) >/dev/null 2>&1 || { $(APT) update -qq && $(APT) install -y --no-install-recommends $(PACKAGES); }

test-packages:
	@(for tool in chromium openssl curl slapd ldapsearch promtool; do PATH=$$PATH:/usr/sbin command -v $$tool >/dev/null || exit 1; done) && python3 -c 'import ensurepip, venv' 2>/dev/null \
		|| { $(APT) update -qq && $(APT) install -y --no-install-recommends $(TEST_PACKAGES); }
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@cmp -s Tests/BrowserTests/requirements.txt $(VENV)/requirements.txt || { \
		$(PYTHON) -m pip install -q -r Tests/BrowserTests/requirements.txt \
		&& cp Tests/BrowserTests/requirements.txt $(VENV)/requirements.txt; }

clean: ## forget all builds
	rm -rf .build .build-fuzz $(VENV)
