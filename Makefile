# Every verb that a person or CI uses; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# Where this is set, each process would compile all of its libraries anew: nine seconds for the dashboards.
unexport PYTHONDONTWRITEBYTECODE
SERVE ?= 1
# Images are built and tried as root.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=IMAGE_BASE)

.PHONY: help
help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: install
install: ## Make .venv with everything that running needs
	@ops/bootstrap.sh run

.PHONY: demo
demo: install ## Set up, load, train, report and serve; SERVE=0 does all but serve
	@$(BIN)/cryokit up $(if $(filter 0,$(SERVE)),--no-serve,--serve)

.PHONY: lab
lab: install ## Open JupyterLab with the notebooks
	@$(BIN)/jupyter lab --notebook-dir notebooks

.PHONY: test
test: ## Install what tests need and run every category, with coverage
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py

.PHONY: lint
lint: ## Style, shell scripts and SQL
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py lint

.PHONY: unit integration notebooks e2e ops
unit integration notebooks e2e ops: ## Run one category of tests
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py $@

.PHONY: test-js
test-js: ## The pages' own JavaScript
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py js

.PHONY: perf
perf: ## Benchmarks, as ratios within one run, beside pgBackRest and Barman
	@ops/bootstrap.sh perf
	@$(BIN)/python tests/run_tests.py perf

.PHONY: validate
validate: ## Scientific figures against their bars, and validation.html with the split ladder of every target
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py validation

.PHONY: drills
drills: ## Deploy, kill, fill disks and change clocks on purpose and see that all recovers; takes long
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py drills

.PHONY: mutation
mutation: ## Change committed code on purpose and see whether its tests notice; survivors are listed
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py mutation

.PHONY: tell
tell: ## Send TEXT to the webhook TELL_URL
	@ops/tell.sh "$$TEXT"

.PHONY: pictures
pictures: ## Make the README's pictures from those that the browser tests took
	@$(BIN)/python tests/pictures.py

.PHONY: image
image: ## Build the image of the committed code and try its container
	@ops/bootstrap.sh image
	@$(AS_ROOT) $(BIN)/python tests/run_tests.py image

.PHONY: scan-image
scan-image: ## Look up known weaknesses of what is in the image that `make image` built; needs a network
	@$(AS_ROOT) ops/scan-image.sh cryokit:image-test

.PHONY: export-image
export-image: ## Write that image to test-results/image
	@mkdir -p test-results/image && rm -f test-results/image/cryokit.tar
	@$(AS_ROOT) buildah push --quiet cryokit:image-test docker-archive:test-results/image/cryokit.tar

.PHONY: deploy
deploy: ## Make a release of this commit, unless there is one, and deploy it to ENVIRONMENT
	@release=$$(git rev-parse --short=12 HEAD); \
	  [ -f "$${DEPLOY_HOME:-/srv/cryokit}/releases/$$release/RELEASE" ] || ops/release.sh "$$release"; \
	  ops/deploy.sh "$$release" --env "$(ENVIRONMENT)"

.PHONY: ci-local
ci-local: ## Every job of the pipeline on the committed code, in a fresh clone; JOB=unit for one and what it needs
	@ops/bootstrap.sh test
	@$(BIN)/python tests/ci_local.py $(addprefix --job ,$(JOB))

.PHONY: coverage
coverage: ## Coverage of all categories that were run, together
	@ops/bootstrap.sh test
	@$(BIN)/python tests/run_tests.py coverage

.PHONY: scan
scan: ## Look for secrets, dangerous code, workflows and images that trust too much
	@ops/bootstrap.sh test
	@ops/scan.sh code
	@ops/scan.sh secrets
	@ops/scan.sh workflows
	@ops/scan.sh containers

.PHONY: audit
audit: ## Look up known weaknesses of the packages; needs a network
	@ops/bootstrap.sh test
	@ops/scan.sh dependencies

.PHONY: postgresql
postgresql: ## Install the system's PostgreSQL VERSION, to test on it
	@ops/bootstrap.sh postgresql $(VERSION)

.PHONY: schema
schema: install ## Write sql/schema.sql and sql/structure.csv anew from the migrations
	@$(BIN)/cryokit db migrate && $(BIN)/cryokit db schema > sql/schema.sql.new && mv sql/schema.sql.new sql/schema.sql
	@$(BIN)/cryokit db schema --table > sql/structure.csv.new && mv sql/structure.csv.new sql/structure.csv

.PHONY: monitor
monitor: ## Prometheus, Alertmanager and exporters beside the running app, until Ctrl-C
	@ops/bootstrap.sh test
	@$(BIN)/python ops/monitoring/start.py

.PHONY: clean
clean: ## Stop the database and remove .venv and all state
	@ops/clean.sh
