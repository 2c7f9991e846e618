# `make help` lists the targets. Each one first installs the Debian packages it lacks (assets/packaging/needs.sh).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test lint bench bench-engine bench-camera bench-sync package chroot clean

NEEDS := assets/packaging/needs.sh
CARGO ?= cargo
# Where OpenCV is, for cargo; asked after needs.sh, which may have installed it.
WITH_OPENCV := eval "$$(assets/packaging/opencv-env.sh)" &&
BIN := $(or $(CARGO_TARGET_DIR),target)/release/gearcast
# Arguments for gearcast (`make run ARGS="devices"`).
ARGS ?=
# Which tests (`make test T=house`); all without it.
T ?=

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

run: ## build and open the window (without a display: record 10 s of the test pattern); ARGS="record --help" hands arguments on
	@$(NEEDS) run
	$(WITH_OPENCV) $(CARGO) build --release --locked
	@assets/packaging/run.sh $(BIN) $(ARGS)

test: ## every test: units, real recordings, the window driven under a virtual screen; T=name runs those that match
	@$(NEEDS) test
	$(WITH_OPENCV) $(CARGO) test --features e2e --locked $(T)

lint: ## formatting, clippy, documentation, dependency audit: all without a warning
	@$(NEEDS) lint
	$(CARGO) fmt --check
	$(WITH_OPENCV) $(CARGO) clippy --features e2e --all-targets --locked -- -D warnings
	$(WITH_OPENCV) RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --features e2e --locked
	tests/tools/audit.sh

bench: bench-camera ## bench-camera, and CPU beside `ffmpeg -f x11grab` on the same desktop, three rounds (about 10 minutes)
	@$(NEEDS) bench
	$(WITH_OPENCV) $(CARGO) build --release --locked
	tests/tools/bench.py $(BIN)

bench-engine: ## CPU of the engine beside vidgear's WriteGear (from PyPI) on the same frames, three rounds (about 3 minutes)
	@$(NEEDS) bench
	$(WITH_OPENCV) $(CARGO) build --release --locked --example raw_frames
	tests/tools/bench_engine.py $(dir $(BIN))examples/raw_frames

bench-camera: ## CPU of a camera's picture to NV12 beside ffmpeg's decoder and swscale on the same buffers, three rounds (1 minute)
	@$(NEEDS) bench
	$(WITH_OPENCV) $(CARGO) build --release --locked --example camera_pixels
	tests/tools/bench_camera.py $(dir $(BIN))examples/camera_pixels

bench-sync: ## picture against sound: 60 flashes and beeps into mkv with PCM and mp4 with AAC (4 minutes); LONG=1: 60 at each end of 10 minutes
	@$(NEEDS) test
	$(WITH_OPENCV) GEARCAST_SYNC_EVENTS=60 $(if $(LONG),GEARCAST_SYNC_MINUTES=10) \
		$(CARGO) test --features e2e --locked --test it sync:: -- --nocapture --test-threads=1

package: ## dist/gearcast-VERSION-ARCH.tar.gz and .deb
	@$(NEEDS) package
	$(WITH_OPENCV) $(CARGO) build --release --locked
	assets/packaging/package.sh $(BIN)

chroot: ## prove `make run` and `make test` on a bare Debian laid into a folder (root, debootstrap, about an hour)
	tests/tools/chroot.sh

clean: ## remove target/ and dist/
	$(CARGO) clean
	rm -rf dist
