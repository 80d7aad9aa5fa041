# What is run before a change is called done.

SETUP := tools/setup
.PHONY: check check-fast check-fresh guest bench bench-linux run lint examples

run: ## Set up, build, pack examples/ring and boot it: the main job
	$(Q)$(SETUP)
	$(Q)$(MAKE) --no-print-directory all $(BUILD)/examples/ring
	$(BUILD)/ouro run $(BUILD)/examples/ring

check-fast: unit lint ## Unit tests and lint (under a minute)
check: unit lint guest ## Everything: unit, lint, guest programs on Linux and Ouro, boot matrix

lint: $$(KERNEL_OBJS) ## Layers, style, sizes, headers
	$(Q)$(PYTHON) tools/lint.py $(BUILD) $(NM) '$(KCC) $(KCFLAGS)'

format: ## Format every C file of the tree in place
	$(Q)git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

gdb: $(BUILD)/kernel.elf ## Start QEMU stopped and attach gdb with the kernel's symbols
	$(Q)tools/gdb.sh $(BUILD)/kernel.elf $(APP)

size: $(BUILD)/kernel.elf $(BUILD)/kernel.stripped.elf ## Size of the kernel by layer and section
	$(Q)$(PYTHON) tools/size.py $(BUILD) $(LAYERS)

compile_commands.json: ## For clangd and other tools
	$(Q)$(PYTHON) tools/compile_commands.py '$(KCC) $(KCFLAGS)' $(KERNEL_C) -- '$(HOSTCC) $(HOST_CFLAGS)' $(OURO_C) \
		-- '$(HOSTCC) $(UNIT_CFLAGS)' $(UNIT_C) >$@
