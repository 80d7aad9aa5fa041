# What is run before a change is called done. `make check` is a list of steps, each a make target; a
# folder's build.mk may append to CHECK_STEPS (a step that prints "N passed, N failed" is counted so).

JOBS ?= 2
# Of the stripped kernel, with all features and LTO: docs/decisions/0007-kernel-size.md
KERNEL_LIMIT_KIB := 485
CHECK_FAST_STEPS := unit lint
CHECK_STEPS := unit lint size coverage fuzz-smoke scripts boot-matrix toolchains
.PHONY: check check-fast check-fresh run lint format gdb size toolchains scripts boot-matrix golden-exhaust setup

setup: ## Install what building and testing needs (Debian 12)
	$(Q)tools/setup

run: ## Set up, build, pack examples/ring and boot it: the main job
	$(Q)tools/setup
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all $(BUILD)/examples/ring
	$(BUILD)/ouro run $(BUILD)/examples/ring

check: ## Everything: unit, lint, coverage, toolchains, guest programs, boot matrix
	$(Q)$(PYTHON) tools/check.py $(BUILD)/check $(JOBS) $(foreach s,$(CHECK_STEPS) guest,'$(s)')

check-fast: ## Unit tests and lint (under a minute)
	$(Q)$(PYTHON) tools/check.py $(BUILD)/check $(JOBS) $(foreach s,$(CHECK_FAST_STEPS),'$(s)')

check-fresh: ## Set-up, make run and make check of HEAD in an empty Debian 12 (root, debootstrap)
	$(Q)tools/fresh.sh $(BUILD)/fresh

lint: $$(KERNEL_OBJS) $(BUILD)/kernel.elf ## Layers, style, sizes, headers
	$(Q)$(PYTHON) tools/lint.py $(BUILD) $(NM) '$(KCC) $(KCFLAGS)'

format: ## Format every C file of the tree in place
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# The other compilers and builds: everything that is not the default.
toolchains: ## Build and boot the kernel made by clang, by clang for x86_64-elf with lld, with DEBUG=1
	$(Q)tests/scripts/toolchains.sh $(BUILD)

boot-matrix: $(BUILD)/kernel.elf $(BUILD)/ouro examples ## PVH on three machines, ISO by BIOS and UEFI, CPUs, RAM, boot ticks (T=name)
	$(Q)$(PYTHON) tests/boot/run.py --build $(BUILD) --jobs $(JOBS) $(T)

golden-exhaust: ## Write tests/boot/exhaust.golden from the minimal Linux guest (after bench-linux)
	$(Q)$(PYTHON) tests/boot/exhaust.py --golden --build $(BUILD)

scripts: ## Tests of the build's own scripts
	$(Q)$(PYTHON) tests/scripts/run.py

gdb: $(BUILD)/kernel.elf $(BUILD)/ouro ## Boot APP="program args" stopped and attach gdb with the kernel's symbols
	$(Q)tools/gdb.sh $(BUILD)/kernel.elf $(APP)

size: $(BUILD)/kernel.elf $(BUILD)/kernel.stripped.elf ## Size of the kernel by section, layer and object
	$(Q)$(PYTHON) tools/size.py $(BUILD) $(KERNEL_LIMIT_KIB)

# Written once and whenever the list of files changes.
$(BUILD)/compile_commands.json: Makefile $(wildcard mk/*.mk $(LAYERS) tools/ouro tests/unit)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/compile_commands.py '$(KCC) $(KCFLAGS)' $(KERNEL_C) -- '$(HOSTCC) $(HOST_CFLAGS)' $(OURO_C) \
		-- '$(HOSTCC) $(UNIT_CFLAGS)' $(UNIT_C) >$@

compile_commands.json: $(BUILD)/compile_commands.json ## For clangd and other tools (also made by `make`)
	$(Q)cp $< $@
