# gen/kernel/init/offsets.h: offsets of struct members for trap.S, out of the compiler's own mouth.
KERNEL_EXCLUDE += kernel/init/offsets.c
KERNEL_GENERATED += $(BUILD)/gen/kernel/init/offsets.h

$(KOBJ)/kernel/init/offsets.s: kernel/init/offsets.c $(KOBJ)/flags
	@mkdir -p $(@D)
	$(Q)$(KCC) $(KCFLAGS) -g0 -fno-lto -MMD -MP -MF $(@:.s=.d) -MT $@ -S -o $@ $<

$(BUILD)/gen/kernel/init/offsets.h: $(KOBJ)/kernel/init/offsets.s
	@mkdir -p $(@D)
	$(call say,GEN,$@){ echo '// Made from kernel/init/offsets.c.'; echo '#pragma once'; \
		sed -n 's/.*"=> \([A-Z_]*\) \([0-9]*\)".*/#define \1 \2/p' $<; } >$@

-include $(KOBJ)/kernel/init/offsets.d
