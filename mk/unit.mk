# Host tests: tests/unit/test_NAME.c, one program each, linked with what its first line names:
#   // sources: mm/phys/pmm.c lib/rbtree.c tests/unit/host_mem.c
# Optional further lines: // ldflags: -Wl,--wrap=f   // data: FILES (prerequisites)
# Kernel sources are compiled as they are, with the hardware seam shadowed by tests/unit/shim.

# COVERAGE=1 builds in a folder of its own with gcov's counters.
UDIR := $(BUILD)/$(if $(COVERAGE),coverage,unit)
UOBJ := $(UDIR)/obj
UNIT_CFLAGS := -std=gnu11 -g $(if $(COVERAGE),-O0 --coverage -fprofile-update=atomic,-O1 -fsanitize=address,undefined \
	-fno-sanitize-recover=all) -fno-omit-frame-pointer -D_GNU_SOURCE -DOURO_HOST_TEST -DCONFIG_DEBUG \
	-DCONFIG_DEBUG_LOCKS -DPHYSMAP_BASE=0x200000000000ull -DVMEMMAP_BASE=0x210000000000ull \
	-Itests/unit/shim -I. -I$(BUILD)/gen -fno-strict-aliasing -fno-builtin -Wall -Wextra -Werror -Wno-unused-parameter \
	-Wno-missing-field-initializers -Wvla $(EXTRA_UNIT_CFLAGS)
UNIT_C := $(sort $(wildcard tests/unit/test_*.c))
UNIT_NAMES := $(UNIT_C:tests/unit/test_%.c=%)
UNIT_BINS := $(UNIT_NAMES:%=$(UDIR)/test_%)

# Lines "FILE:// key: words" of all tests in one go (the colon is there because of -H).
unit_lines := $(if $(UNIT_C),$(shell $(AWK) '/^\/\/ (sources|ldflags|data):/ { \
	split(FILENAME, p, "/"); sub(/\.c$$/, "", p[3]); k = $$2; sub(/:/, "", k); \
	for (i = 3; i <= NF; i++) print p[3] ":" k ":" $$i }' $(UNIT_C)))
# $(call unit_words,test_NAME,KEY)
unit_words = $(patsubst $(1):$(2):%,%,$(filter $(1):$(2):%,$(unit_lines)))

# cmocka.h wants these before it, and clang-format sorts it before them.
$(UOBJ)/tests/unit/%.o: UNIT_CFLAGS += -include stdarg.h -include stddef.h -include stdint.h -include setjmp.h

$(UOBJ)/%.o: %.c $(UOBJ)/flags | $$(KERNEL_GENERATED)
	@mkdir -p $(@D)
	$(call say,UNITCC,$<)$(HOSTCC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

define unit_rule
$(UDIR)/$(1): $(UOBJ)/tests/unit/$(1).o $$(patsubst %.c,$(UOBJ)/%.o,$(call unit_words,$(1),sources)) $(call unit_words,$(1),data)
	$$(call say,UNITLD,$$@)$$(HOSTCC) $$(UNIT_CFLAGS) -o $$@ $$(filter %.o,$$^) \
		$(call unit_words,$(1),ldflags) -lcmocka -lpthread
endef
$(foreach t,$(UNIT_NAMES:%=test_%),$(eval $(call unit_rule,$(t))))
-include $(shell find $(UOBJ) -name '*.d' 2>/dev/null)

.PHONY: unit coverage
unit: $(if $(T),$(UDIR)/test_$(T),$(UNIT_BINS)) ## Host tests under ASan and UBSan (T=name: one of them)
	$(Q)$(PYTHON) tools/unit.py --out $(UDIR)/results $^

coverage: ## Line coverage of mm/ and lib/ by the host tests, with the floor of 90 %
	$(Q)find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) --no-print-directory COVERAGE=1 unit
	$(Q)$(PYTHON) tools/coverage.py --objects $(BUILD)/coverage/obj --floor 90 mm lib
