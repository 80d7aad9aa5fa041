# Guest tests: ordinary programs of tests/guest, built for the libcs and link kinds their heads ask
# for, run on the host's Linux and on Ouro, and compared. See run.py and README.md.
GUEST_DIR := tests/guest
GUEST_RULES := $(BUILD)/guest/rules.mk
GUEST_SOURCES := $(sort $(wildcard $(GUEST_DIR)/*.c $(GUEST_DIR)/*.cc))
GUEST_HOSTCC ?= gcc
GUEST_HOSTCXX ?= g++
GUEST_CFLAGS := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function \
	-Wno-stringop-overflow -Wno-stringop-overread -Wno-nonnull -Wno-array-bounds -Wno-unused-result -Wno-clobbered -Wno-format-truncation -Wno-infinite-recursion \
	-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-I$(GUEST_DIR) -I. -I$(BUILD)/guest
# T=NAME or T=NAME.VARIANT (a glob) chooses; JOBS, TIMEOUT as run.py.
GUEST_RUN = $(PYTHON) $(GUEST_DIR)/run.py --build $(BUILD) $(if $(T),--only '$(T)') $(GUEST_ARGS)

$(GUEST_RULES): $(GUEST_SOURCES) $(GUEST_DIR)/heads.py $(GUEST_DIR)/build.mk
	@mkdir -p $(@D)
	$(Q)$(PYTHON) $(GUEST_DIR)/heads.py rules $(GUEST_DIR) $(BUILD) >$@.tmp && mv $@.tmp $@

# What the sweep test walks: every call with the kinds of its arguments.
$(BUILD)/guest/sweep_calls.h: syscall/syscalls.def syscall/kinds.def $(GUEST_DIR)/sweep_gen.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) $(GUEST_DIR)/sweep_gen.py >$@.tmp && mv $@.tmp $@

ifneq ($(filter guest guest-% check check-% golden repro,$(MAKECMDGOALS)),)
include $(GUEST_RULES)
endif

.PHONY: guest guest-build guest-native golden repro
guest-build: $$(GUEST_PROGRAMS)
guest: $(BUILD)/ouro $(BUILD)/kernel.elf guest-build ## Guest tests on Linux and on Ouro (T=NAME for one)
	$(Q)$(GUEST_RUN)
guest-native: guest-build ## Guest tests on the host's Linux only
	$(Q)$(GUEST_RUN) --native
golden: guest-build ## Write tests/guest/golden from this host's Linux (6.18)
	$(Q)$(GUEST_RUN) --golden
repro: $(BUILD)/ouro $(BUILD)/kernel.elf guest-build ## One guest test with everything shown (T=NAME, STRACE=1)
	$(Q)$(GUEST_RUN) --verbose --jobs 1 $(if $(STRACE),--strace)
