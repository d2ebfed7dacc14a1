# make setup   an environment in .venv with the pinned packages and LungTumorSeg in it
# make demo    segment CT=path, or a phantom where none is given; report, mask and picture go to demo/
# make test    ruff and all tests; LUNGTUMORSEG_DATA=folder adds those on real scans
# make lint    ruff only
# make systems every recipe trained small, segmented and measured: one table, also in systems/RESULTS.md
# make bench   time this project against MONAI and nnU-Net (minutes); bench-full: in full, into Testing/benchmark/RESULTS.md
# make screen  install the system's packages that tests with windows need (Debian, Ubuntu; as root)
# make clean   remove what demo, systems, bench and test made (not .venv)

PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
RUN := $(VENV)/bin/python -m LungTumorSegLib
INSTALLED := $(VENV)/.installed

BENCH_VENV := .venv-bench
SITE_PACKAGES := import sysconfig; print(sysconfig.get_path("purelib"))

.PHONY: setup demo test lint bench bench-full systems screen clean

setup: $(INSTALLED)

# Runs again only when the requirements or their pins have changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "LungTumorSeg needs Python 3.11 or newer: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is missing (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PIP) install --quiet --constraint constraints.txt setuptools
	$(PIP) install --quiet --constraint constraints.txt --no-build-isolation --editable '.[test,preview]'
	@touch $@

demo: setup
	@mkdir -p demo
ifdef CT
	$(RUN) segment "$(CT)" -o demo/tumor.seg.nrrd --report demo/report.json --preview demo/preview.png
else
	$(RUN) phantom -o demo/phantom --seed $(DEMO_SEED)
	$(RUN) segment demo/phantom/imagesTr/$(DEMO_CASE).nii.gz --reference demo/phantom/labelsTr/$(DEMO_CASE).nii.gz \
	  -o demo/tumor.seg.nrrd --report demo/report.json --preview demo/preview.png
endif

DEMO_SEED := 7
DEMO_CASE := phantom_0007

test: setup lint screen
	$(VENV)/bin/python -m pytest

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

bench: $(BENCH_VENV)/.installed
	$(VENV)/bin/python Testing/benchmark/bench.py $(BENCH)

bench-full: $(BENCH_VENV)/.installed
	$(VENV)/bin/python Testing/benchmark/bench.py --form full $(BENCH)
	$(VENV)/bin/python Testing/benchmark/worker.py --write

# nnU-Net and what it brings in stay out of .venv: an environment of its own, which sees all that .venv holds.
$(BENCH_VENV)/.installed: $(INSTALLED) Testing/benchmark/nnunet.txt
	$(VENV)/bin/python -m venv $(BENCH_VENV)
	@project=$$($(VENV)/bin/python -c '$(SITE_PACKAGES)') && own=$$($(BENCH_VENV)/bin/python -c '$(SITE_PACKAGES)') && \
	  echo "import site; site.addsitedir('$$project')" > "$$own/project.pth"
	$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt \
	  --requirement Testing/benchmark/nnunet.txt && touch $@ || \
	  echo "nnU-Net could not be installed; its lines are left out of the table" >&2

# Goes on where it was stopped; a few minutes on two cores.
systems: setup
	$(VENV)/bin/python Testing/benchmark/systems.py -o systems

screen:
	@.ci/screen

clean:
	rm -rf demo systems build/bench .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './$(BENCH_VENV)/*' -prune -exec rm -rf {} +
