# SPDX-License-Identifier: Apache-2.0
# A short front for Meson. `make demo` and `make test` are all the set-up there is.
BUILD ?= build
RELEASE = $(BUILD)/release
CHECKED = $(BUILD)/checked
THREADS = $(BUILD)/threads
BARE = $(BUILD)/bare
FUZZED = $(BUILD)/fuzzed
# How long each fuzz target runs, and which: a shell pattern, as TARGETS='import_*'; all.
FUZZ ?= -max_total_time=60
TARGETS ?=
# --werror in CI: lint then finds gcc's warnings in the checked build.
STRICT ?=

.PHONY: all bare setup test test-long long tsan fuzz lint bench accuracy bench-gpu demo demo-couple docs golden reference-shape install clean

all: $(RELEASE)/build.ninja
	ninja -C $(RELEASE)

setup:
	@tools/setup

$(RELEASE)/build.ninja: | setup
	meson setup $(RELEASE) --buildtype=release
$(CHECKED)/build.ninja: | setup
	meson setup $(CHECKED) $(STRICT) -Db_sanitize=address,undefined -Db_lundef=false
$(BARE)/build.ninja: | setup
	meson setup $(BARE) $(STRICT) -Dauto_features=disabled -Db_sanitize=address,undefined -Db_lundef=false
$(THREADS)/build.ninja: | setup
	meson setup $(THREADS) -Dtests=threads -Dmpi=disabled -Db_sanitize=thread -Db_lundef=false
$(FUZZED)/build.ninja:
	@tools/setup --all
	CC=clang meson setup $(FUZZED) -Dfuzz=true -Dtests=none -Dmpi=disabled --buildtype=debugoptimized -Db_lundef=false \
	    -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all

# ASan and UBSan, always.
test: $(CHECKED)/build.ninja
	ninja -C $(CHECKED)
	tools/run-tests $(CHECKED) --no-suite long

test-long: tsan fuzz long

long: $(CHECKED)/build.ninja
	ninja -C $(CHECKED)
	tools/run-tests $(CHECKED) --suite long --timeout-multiplier 10

# Without any optional library: what is left builds, and its tests pass or say why not.
bare: $(BARE)/build.ninja
	ninja -C $(BARE)
	tools/run-tests $(BARE) --no-suite long

tsan: $(THREADS)/build.ninja
	ninja -C $(THREADS)
	tools/run-tests $(THREADS) --suite threads

fuzz: $(FUZZED)/build.ninja
	ninja -C $(FUZZED)
	tools/fuzz $(FUZZED) "$(FUZZ)" "$(TARGETS)"

lint:
	@tools/setup --all
	tools/lint $(BUILD)

bench: all
	tools/bench $(RELEASE)

# Estimates against measured rows that they were not calibrated on; a minute or two.
accuracy: all
	$(RELEASE)/bench/accuracy $(or $(ERG_SHARED),$(CURDIR)/../shared)/data data

# On a machine with an NVIDIA GPU: its sensor and its GEMMs, as JSON; elsewhere "no GPU" and status 3.
bench-gpu: all
	LD_LIBRARY_PATH=$(CURDIR)/$(RELEASE):$$LD_LIBRARY_PATH PYTHONPATH=$(CURDIR)/python \
	    bench/gpu/gemm.py --erg $(RELEASE)/cli/erg $(GPU)

# Only what it shows: the tests would take minutes more.
demo: $(RELEASE)/build.ninja
	ninja -C $(RELEASE) cli/erg examples/inference
	tools/demo $(RELEASE)

# The reference table of power shaping, simulated; fails where a figure is off.
reference-shape: $(RELEASE)/build.ninja
	ninja -C $(RELEASE) cli/erg
	tools/reference-shape $(RELEASE)/cli/erg examples/ref64.yaml

demo-couple: $(RELEASE)/build.ninja
	ninja -C $(RELEASE) cli/erg examples/train
	tools/demo-couple $(RELEASE)

# Man pages and completion, from the option tables.
docs: all
	tools/docs $(RELEASE)/cli/erg docs

# Takes what erg prints now for what it should print: read the diff.
golden: all
	sh tests/cli/golden.sh $(RELEASE)/cli/erg $(CURDIR)/tests/cli/golden --write

install: all
	meson install -C $(RELEASE)

clean:
	rm -rf $(BUILD)
