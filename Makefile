# make demo: solve a Max-Cut problem.  make test: the whole test suite.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: system demo test lint docs bench soak protos lock clean clean-kernels

demo: $(VENV)/.demo
	@mkdir -p demo-output
	$(BIN)/isinglass generate gnp --n 2000 --p 0.01 --seed 22 --output demo-output/graph.txt
	$(BIN)/isinglass solve demo-output/graph.txt --time-limit 10 --seed 1 \
		--plot demo-output/convergence.png --output demo-output/samples.npz
	@echo "The convergence picture is demo-output/convergence.png, the samples demo-output/samples.npz."

# What the tests need of the system (Debian's names): PostgreSQL's programs and a browser. Quick when it is there.
system:
	@wanted=; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || wanted="$$wanted postgresql"; \
	command -v chromium >/dev/null || wanted="$$wanted chromium"; \
	command -v chromedriver >/dev/null || wanted="$$wanted chromium-driver"; \
	if [ -z "$$wanted" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "the tests need what Debian calls$$wanted: install it with your system's package manager"; exit 1; fi; \
	sudo=; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	echo "installing$$wanted"; \
	$$sudo env DEBIAN_FRONTEND=noninteractive sh -c \
		"apt-get -q update && apt-get -q -y install --no-install-recommends$$wanted"

# Tests that assert how long something takes run by themselves, after the others.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not clock"
	$(BIN)/python -m pytest -m clock

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

# Long runs against the peers; each script's head says what it measures. GSET=folder uses real G-set files.
bench: $(VENV)/.dev
	$(BIN)/python bench/annealing.py $(if $(GSET),--gset $(GSET))
	$(BIN)/python bench/dense_maxcut.py
	$(BIN)/python bench/tempering.py
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/ingest.py
	$(BIN)/python bench/threads.py
	$(BIN)/python bench/start_up.py
	$(BIN)/python bench/service.py

# The same properties as in make test, with a hundred times the random examples, fifty times the
# faults, and the real packages of peers, from PyPI.
soak: $(VENV)/.dev
	ISINGLASS_HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest tests/properties
	ISINGLASS_FAULTS=50 $(BIN)/python -m pytest tests/system/test_service_faults.py tests/system/test_service_disk.py \
		tests/system/test_service_disk_processes.py tests/system/test_service_starting.py \
		tests/system/test_service_postgresql.py tests/system/test_service_ray.py tests/wire/dynex
	ISINGLASS_LARGE=132000 $(BIN)/python -m pytest -s tests/system/test_service_large.py
	ISINGLASS_ATTACKS=300 $(BIN)/python -m pytest tests/system/test_service_attacks.py
	ISINGLASS_PEERS=build/peers $(BIN)/python -m pytest tests/system/test_divi_programs.py \
		tests/system/test_sapi.py tests/system/test_dynex_client.py tests/system/test_dynex_documents.py \
		tests/system/test_service_object_store.py

# The Python side of every .proto, beside it. An old compiler of its own, for its code runs with every newer protobuf.
protos: build/protos/bin/python
	cd src && for proto in $$(find . -name '*.proto' -printf '%P\n'); do \
		../build/protos/bin/python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. --grpc_python_out=. $$proto; done

build/protos/bin/python:
	$(PYTHON) -m venv build/protos
	$@ -m pip install -q --disable-pip-version-check grpcio-tools==1.71.2

lock: $(VENV)/.dev
	$(BIN)/python -m pip freeze --exclude-editable > requirements-dev.lock

# Forget compiled kernels: needed after editing a file that other kernels call into.
clean-kernels:
	find src -name '*.nb[ic]' -delete

clean: clean-kernels
	rm -rf $(VENV) demo-output docs/_build build

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "isinglass needs Python 3.11 or newer; call make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[plots]'
	@touch $@

$(VENV)/.dev: pyproject.toml requirements-dev.lock | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c requirements-dev.lock -e '.[dev]'
	@touch $@ $(VENV)/.demo
