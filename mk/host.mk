# Programs that run here: build/ouro, the host command.

HOBJ := $(BUILD)/host
HOST_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -I$(BUILD)/gen -fstack-protector-strong \
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla $(EXTRA_HOST_CFLAGS)
OURO_LIBS := -larchive -lelf
OURO_C := $(sort $(wildcard tools/ouro/*.c))
# Kernel sources that the command shares (set in tools/ouro/build.mk), e.g. lib/elf.c.
OURO_SHARED_C :=
OURO_OBJS = $(patsubst %.c,$(HOBJ)/%.o,$(OURO_C) $(OURO_SHARED_C))

$(HOBJ)/%.o: %.c $(HOBJ)/flags
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/ouro: $$(OURO_OBJS)
	$(call say,HOSTLD,$@)$(HOSTCC) -o $@ $^ $(OURO_LIBS)

-include $(OURO_C:%.c=$(HOBJ)/%.d) $(wildcard $(HOBJ)/lib/*.d)
