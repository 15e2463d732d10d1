# `make demo` does the main job on this machine, `make test` passes the tests; both first run
# scripts/setup, which installs what is missing. What needs only cargo is `cargo xtask --help`.

.PHONY: setup demo test

# Where rustup could not add the WebAssembly target, setup linked the distribution's compiler.
define xtask
	@export PATH="$$HOME/.cargo/bin:$$PATH"; \
	ls "$$(rustc --print sysroot)"/lib/rustlib/wasm32v1-none/lib/libcore-*.rlib >/dev/null 2>&1 || \
		export WASM_BUILD_TOOLCHAIN=usufruct-wasm; \
	exec cargo xtask $(1)
endef

setup:
	@scripts/setup

demo: setup
	$(call xtask,demo)

test: setup
	$(call xtask,test)
