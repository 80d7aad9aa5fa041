# The vDSO: a shared object for programs, embedded in the kernel as bytes.

VDSO_CFLAGS := -std=gnu11 -O2 -m64 -march=x86-64 -ffreestanding $(KERNEL_INCLUDES) -fPIC \
	-fno-stack-protector -fomit-frame-pointer -fasynchronous-unwind-tables -fvisibility=hidden \
	-mgeneral-regs-only -fcf-protection=none -Wall -Wextra -Werror -Wno-unused-parameter
VDSO_LDFLAGS := -shared -nostdlib --hash-style=both --build-id=sha1 --eh-frame-hdr -soname linux-vdso.so.1 \
	-z max-page-size=4096 -z noexecstack -z separate-code --no-undefined

$(KOBJ)/vdso/vdso.o: kernel/proc/vdso/vdso.c kernel/proc/vdso/vvar.h $(KOBJ)/flags
	@mkdir -p $(@D)
	$(call say,VDSOCC,$@)$(KCC) $(VDSO_CFLAGS) -c -o $@ $<

$(KOBJ)/vdso/vdso.so: $(KOBJ)/vdso/vdso.o kernel/proc/vdso/vdso.lds tools/elf_headless.py
	$(call say,VDSOLD,$@)$(KLD) $(VDSO_LDFLAGS) -T kernel/proc/vdso/vdso.lds -o $@.tmp $<
	$(Q)$(STRIP) -s $@.tmp && $(PYTHON) tools/elf_headless.py $@.tmp && mv $@.tmp $@

$(KOBJ)/vdso/image.o: kernel/proc/vdso/image.S $(KOBJ)/vdso/vdso.so
	$(call say,AS,$<)$(KCC) $(KCFLAGS) -I$(KOBJ)/vdso -c -o $@ $<

KERNEL_EXTRA_OBJS += $(KOBJ)/vdso/image.o
