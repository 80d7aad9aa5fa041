# Fuzzing: tests/fuzz/fuzz_NAME.c is a libFuzzer target (clang), first line as for unit tests:
#   // sources: lib/elf.c
#   make fuzz SECONDS=60 SEED=7 [T=elf]
# A finding is kept in $(BUILD)/fuzz/NAME-*; the corpus grows in $(BUILD)/fuzz/corpus-NAME.

SECONDS ?= 30
SEED ?= 1
FDIR := $(BUILD)/fuzz
FOBJ := $(FDIR)/obj
FUZZCC ?= clang
FUZZ_CFLAGS := -std=gnu11 -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -D_GNU_SOURCE -DOURO_HOST_TEST -DCONFIG_DEBUG \
	-DPHYSMAP_BASE=0x200000000000ull -DVMEMMAP_BASE=0x210000000000ull -Itests/unit/shim -I. \
	-I$(BUILD)/gen -fno-strict-aliasing -fno-builtin -Wall -Wextra -Werror -Wno-unused-parameter
FUZZ_C := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES := $(FUZZ_C:tests/fuzz/fuzz_%.c=%)
fuzz_lines := $(if $(FUZZ_C),$(shell $(AWK) '/^\/\/ sources:/ { split(FILENAME, p, "/"); \
	sub(/\.c$$/, "", p[3]); for (i = 3; i <= NF; i++) print p[3] ":" $$i }' $(FUZZ_C)))

$(FOBJ)/%.o: %.c $(FOBJ)/flags | $$(KERNEL_GENERATED)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)$(FUZZCC) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

define fuzz_rule
$(FDIR)/fuzz_$(1): $(FOBJ)/tests/fuzz/fuzz_$(1).o \
		$$(patsubst fuzz_$(1):%.c,$(FOBJ)/%.o,$$(filter fuzz_$(1):%,$$(fuzz_lines)))
	$$(call say,FUZZLD,$$@)$$(FUZZCC) $$(FUZZ_CFLAGS) -fsanitize=fuzzer -o $$@ $$^

.PHONY: fuzz-run-$(1)
fuzz-run-$(1): $(FDIR)/fuzz_$(1)
	@mkdir -p $(FDIR)/corpus-$(1)
	$$(Q)tests/fuzz/seed.sh $(1) $(FDIR)/corpus-$(1)
	@echo "fuzz $(1): $(SECONDS) s, seed $(SEED)"
	$$(Q)$(FDIR)/fuzz_$(1) -max_total_time=$(SECONDS) -seed=$(SEED) -timeout=10 -rss_limit_mb=1024 \
		-max_len=8192 -use_value_profile=1 -print_final_stats=1 -artifact_prefix=$(FDIR)/$(1)- $(FDIR)/corpus-$(1) \
		$(wildcard tests/fuzz/corpus/$(1)) >$(FDIR)/$(1).log 2>&1 || { tail -40 $(FDIR)/$(1).log; \
		echo "fuzz $(1): FAILED, seed $(SEED), log $(FDIR)/$(1).log"; exit 1; }
	@sed -n 's/stat::number_of_executed_units: */fuzz $(1): inputs /p' $(FDIR)/$(1).log
endef
$(foreach t,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(t))))
-include $(shell find $(FOBJ) -name '*.d' 2>/dev/null)

# The differential fuzzer: one static program, run by run.py on the host and in a machine.
DIFF_DIR := tests/fuzz/diff
HUGE ?= 128# pages of a pool on host and guest; 0: calls without one
DIFF_RUN = $(DIFF_DIR)/run.py --program $(FDIR)/difffuzz --ouro $(BUILD)/ouro

$(FDIR)/difffuzz: $(wildcard $(DIFF_DIR)/*.c $(DIFF_DIR)/*.h)
	@mkdir -p $(@D)
	$(call say,MUSLCC,$@)musl-gcc -static -pthread -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -idirafter /usr/include \
		-idirafter /usr/include/x86_64-linux-gnu -o $@ $(filter %.c,$^)

.PHONY: fuzz fuzz-smoke fuzz-diff fuzz-run-diff soak
fuzz-run-diff: fuzz-diff
fuzz: $(if $(T),fuzz-run-$(T),$(FUZZ_NAMES:%=fuzz-run-%) fuzz-diff) ## libFuzzer on the parsers, calls against Linux (SECONDS=30 SEED=1 T=name)

fuzz-diff: $(FDIR)/difffuzz $(BUILD)/ouro $(BUILD)/kernel.elf ## Random memory and file calls on Linux and on Ouro, compared
	$(Q)$(DIFF_RUN) --seed $(SEED) --seconds $(SECONDS) --huge=$(HUGE)

soak: $(FDIR)/difffuzz $(BUILD)/ouro $(BUILD)/kernel.elf ## The same for an hour, whatever it finds (SECONDS, SEED)
	$(Q)$(DIFF_RUN) --seed $(SEED) --seconds $(if $(filter 30,$(SECONDS)),3600,$(SECONDS)) --go-on --batch 500

fuzz-smoke: $(FDIR)/difffuzz $(BUILD)/ouro $(BUILD)/kernel.elf ## Every fuzzer for two seconds with a fixed seed
	$(Q)$(MAKE) --no-print-directory $(FUZZ_NAMES:%=fuzz-run-%) SECONDS=2 SEED=1
	$(Q)$(DIFF_RUN) --seed 7 --ops 30000 --batch 30
	@echo "$(words $(FUZZ_NAMES) diff) passed, 0 failed"

# Threads, signals, mappings, processes at once on four CPUs; build with DEBUG=1 for the lock checks.
SOAK_CPUS ?= 4
.PHONY: soak-threads
soak-threads: $(BUILD)/ouro $(BUILD)/kernel.elf ## smp_stress for SECONDS (30) on SOAK_CPUS (4)
	@mkdir -p $(BUILD)/soak
	$(Q)gcc -O2 -static -pthread -D_GNU_SOURCE -Itests/guest tests/guest/smp_stress.c -o $(BUILD)/soak/smp_stress
	$(Q)$(BUILD)/ouro run --cpus $(SOAK_CPUS) --timeout $$(($(SECONDS) + 120)) $(BUILD)/soak/smp_stress $(SECONDS)
