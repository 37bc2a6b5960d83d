# SPDX-License-Identifier: Apache-2.0
# A short front for Meson. `make demo` and `make test` are all the set-up there is.
BUILD ?= build
RELEASE = $(BUILD)/release
CHECKED = $(BUILD)/checked

.PHONY: all setup test test-long asan tsan fuzz lint bench demo docs install golden clean

all: $(RELEASE)/build.ninja
	ninja -C $(RELEASE)

setup:
	@tools/setup

$(RELEASE)/build.ninja: | setup
	meson setup $(RELEASE) --buildtype=release

$(CHECKED)/build.ninja: | setup
	meson setup $(CHECKED) -Db_sanitize=address,undefined -Db_lundef=false

test: $(CHECKED)/build.ninja
	ninja -C $(CHECKED)
	tools/run-tests $(CHECKED)

install: all
	meson install -C $(RELEASE)

clean:
	rm -rf $(BUILD)
