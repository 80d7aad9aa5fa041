# The system call fuzzer: tests/fuzz/syscalls/syscalls.c run on the kernel, one boot a seed.
#   make fuzz-syscalls [SYSFUZZ='--first 100 --count 1000']   (DEBUG=1 BUILD=build/debug: with checks)
SYSFUZZ ?= --count 12 --seconds 20

$(BUILD)/fuzz/syscalls: tests/fuzz/syscalls/syscalls.c syscall/syscalls.def tests/fuzz/build.mk
	@mkdir -p $(@D)
	$(call say,MUSL,$@)musl-gcc -static -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -fno-stack-protector -I. -o $@ $<

.PHONY: fuzz-syscalls
fuzz-syscalls: $(BUILD)/ouro $(BUILD)/kernel.elf $(BUILD)/fuzz/syscalls ## Random system calls against the kernel (SYSFUZZ='--first N --count N')
	$(Q)$(PYTHON) tests/fuzz/syscalls/run.py $(BUILD) $(BUILD)/fuzz/syscalls $(SYSFUZZ)

CHECK_STEPS += fuzz-syscalls
