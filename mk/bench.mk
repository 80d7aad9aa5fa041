# Benchmarks: Ouro beside Linux guests, in one run.

BENCH_PROGRAMS := $(addprefix $(BUILD)/bench/,ubench hello leave)

$(BUILD)/bench/ubench: tests/bench/ubench.c tests/bench/rows_process.c tests/bench/ubench.h
	@mkdir -p $(@D)
	$(call msg,HOSTCC,$@)
	$(Q)gcc -O2 -Wall -Wextra -Wno-missing-field-initializers -I. -static -pthread $(filter %.c,$^) -o $@

$(BUILD)/bench/hello $(BUILD)/bench/leave: $(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call msg,HOSTCC,$@)
	$(Q)musl-gcc -Os -Wall -Wextra -static -s $< -o $@

.PHONY: bench bench-linux
bench: all examples $(BENCH_PROGRAMS) ## Benchmarks on Ouro and on the Linux guests, side by side
	$(Q)tests/bench/run.py --ouro $(BUILD)/ouro --kernel $(BUILD)/kernel.elf --linux $(BUILD)/bench \
		--program $(BUILD)/bench/ubench --hello $(BUILD)/bench/hello --leave $(BUILD)/bench/leave \
		--ring $(BUILD)/examples/ring \
		$(BENCH_FLAGS) $(ROW) || missed=1; \
	tests/bench/wall.py --build $(BUILD) && exit $${missed:-0}

bench-linux: ## Build the Linux guests that bench compares with (once, about ten minutes)
	$(Q)tests/bench/linux-guest/build.sh $(BUILD)/bench
