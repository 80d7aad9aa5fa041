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

.PHONY: fuzz fuzz-smoke
fuzz: $(if $(T),fuzz-run-$(T),$(FUZZ_NAMES:%=fuzz-run-%)) ## libFuzzer on the parsers (SECONDS=30 SEED=1 T=name)

fuzz-smoke: ## Every fuzzer for two seconds with a fixed seed
	$(Q)$(MAKE) --no-print-directory fuzz SECONDS=2 SEED=1
	@echo "$(words $(FUZZ_NAMES)) passed, 0 failed"
