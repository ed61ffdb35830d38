# make demo    a virtual environment, the project in it, and the main job: train zoo/ml2p.yaml
# make test    the same, and the tests
# make lint    ruff and mypy
# make schema  write specs/ anew after a block has changed
# make zoo     write docs/zoo.md anew after a spec of the zoo has changed
# make docs    build the documentation into site/; a warning is an error

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint schema zoo docs clean

demo: $(VENV)/.installed
	$(BIN)/compose train zoo/ml2p.yaml

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tools.check_types

schema: $(VENV)/.installed
	$(BIN)/compose schema -o specs

zoo: $(VENV)/.installed
	$(BIN)/python -m tools.list_zoo

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist site *.egg-info
