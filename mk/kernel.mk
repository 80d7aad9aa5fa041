# The kernel: build/kernel.elf from every .c and .S of the layers' folders.

# Lowest layer first; `make lint` checks that nothing points upwards.
LAYERS := lib kernel/base mm/phys kernel/sched mm/virt drivers fs net kernel/proc syscall \
	  kernel/init boot
# Sources of a layer that are not part of the kernel (append in that folder's build.mk).
KERNEL_EXCLUDE :=

KOBJ := $(BUILD)/obj
UAPI_INCLUDES := -isystem /usr/include -isystem /usr/include/x86_64-linux-gnu
KERNEL_INCLUDES := -nostdinc -isystem $(shell $(KCC) -print-file-name=include 2>/dev/null) $(UAPI_INCLUDES) -I. -I$(BUILD)/gen
# Undefined behaviour is a trap (and so a panic with its address) in debug builds.
KERNEL_UBSAN := -fsanitize=shift,signed-integer-overflow,integer-divide-by-zero,bounds,bool,enum,unreachable \
	-fsanitize-undefined-trap-on-error
# The image is small on purpose: -Oz, and -O2 where the time is spent. (memcpy and memset stay calls of
# lib/string.c: freestanding code has no builtins.)
KOPT := -Oz -fno-jump-tables $(if $(findstring clang,$(KCC)),,-fno-tree-forwprop)
KOPT_HOT := -O2 -DKERNEL_HOT $(if $(findstring clang,$(KCC)),,-falign-functions=1 -falign-jumps=1 -falign-loops=1 -falign-labels=1 \
	-freorder-blocks-algorithm=simple)
KERNEL_HOT := lib/string% lib/radix% lib/rbtree% lib/chacha20% kernel/base/clock.o kernel/sched/sched% kernel/sched/switch.o \
	kernel/sched/waitq% mm/phys/pmm% mm/phys/mapper% mm/phys/tlb% mm/phys/kmalloc% \
	mm/virt/fault% mm/virt/memobj.o mm/virt/resv.o mm/virt/uaccess% mm/virt/uio% mm/virt/vma% fs/file% fs/fdtable% \
	fs/shmem.o kernel/proc/futex.o mm/virt/munmap% mm/virt/mmap% mm/virt/mprotect% mm/virt/place% \
	kernel/sched/mutex% kernel/init/trap% fs/inode% fs/pipe% fs/memfd% \
	net/socket.o net/unix_io% fs/eventfd.o fs/epoll.o kernel/sched/pid.o kernel/sched/thread.o kernel/proc/clone.o \
	kernel/proc/thread_calls.o kernel/proc/sigcalls.o kernel/proc/signal.o kernel/proc/exit.o kernel/base/fpu% syscall/sys_fd% syscall/sys_sockmsg.o syscall/sys_futex% syscall/sys_mem.o
# Nothing here wants a stack aligned to 16 bytes (no SSE; what does says aligned), or arrays aligned
# to cache lines of their own accord.
KERNEL_ALIGN := $(if $(findstring clang,$(KCC)),-mstack-alignment=8,-mpreferred-stack-boundary=3 -malign-data=abi)
# Canaries where arrays are: docs/decisions/0005. Clang cannot be told about single functions.
KERNEL_CANARIES := $(if $(findstring clang,$(KCC))$(DEBUG),-fstack-protector-strong,-fstack-protector --param=ssp-buffer-size=1)
KCFLAGS = -std=gnu11 $(KOPT) -g -ffreestanding $(KERNEL_INCLUDES) \
	-m64 -march=x86-64 -mgeneral-regs-only -mno-red-zone -mcmodel=kernel -fno-pic -fno-pie $(KERNEL_ALIGN) \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-asynchronous-unwind-tables \
	-fcf-protection=none -fno-common -fmerge-all-constants -fno-delete-null-pointer-checks -ffunction-sections -fdata-sections \
	$(KERNEL_CANARIES) -mstack-protector-guard=global \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wframe-larger-than=2048 \
	$(if $(DEBUG),-DCONFIG_DEBUG -DCONFIG_DEBUG_LOCKS $(KERNEL_UBSAN)) $(EXTRA_KCFLAGS)
KLDFLAGS := -nostdlib -static -n --gc-sections -z max-page-size=4096 -z noexecstack --build-id=none \
	--no-dynamic-linker --orphan-handling=error -T linker.ld

# The whole kernel is compiled as one unit (gcc): what has one caller is part of it, what has none is gone.
# LTO= in config.mk or on the command line builds and links each file by itself: quicker after a change.
LTO := $(if $(findstring clang,$(KCC))$(DEBUG),,1)
KERNEL_LTO := -flto -flto-partition=one
# What the compiler calls without being told must be there after it is done.
KERNEL_NO_LTO := kernel/base/stackprot.o lib/string.o

# Objects added by a folder's build.mk (generated sources).
KERNEL_EXTRA_OBJS :=
# Generated headers that must exist before any kernel object is compiled for the first time.
KERNEL_GENERATED :=
# The layers' own rules; before the lists of sources, which they may change.
.SECONDEXPANSION:
include $(sort $(wildcard $(LAYERS:%=%/build.mk)))

KERNEL_C := $(filter-out $(KERNEL_EXCLUDE),$(foreach d,$(LAYERS),$(sort $(wildcard $(d)/*.c))))
KERNEL_S := $(filter-out $(KERNEL_EXCLUDE),$(foreach d,$(LAYERS),$(sort $(wildcard $(d)/*.S))))
KERNEL_OBJS = $(KERNEL_C:%.c=$(KOBJ)/%.o) $(KERNEL_S:%.S=$(KOBJ)/%.S.o) $(KERNEL_EXTRA_OBJS)

kernel_lto = $(if $(and $(LTO),$(filter-out $(KERNEL_NO_LTO),$(@:$(KOBJ)/%=%))),$(KERNEL_LTO))
$(KOBJ)/%.o: %.c $(KOBJ)/flags | $$(KERNEL_GENERATED)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(KCC) $(KCFLAGS) $(kernel_lto) -MMD -MP -c -o $@ $<

$(KOBJ)/%.S.o: %.S $(KOBJ)/flags | $$(KERNEL_GENERATED)
	@mkdir -p $(@D)
	$(call say,AS,$<)$(KCC) $(KCFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

-include $(KERNEL_C:%.c=$(KOBJ)/%.d) $(KERNEL_S:%.S=$(KOBJ)/%.S.d)

# What is linked: the objects, or with LTO the one that the compiler makes of them and what is not its
# own. It is made by a link whose own result is of no use.
ifneq ($(LTO),)
KERNEL_LINKED = $(KOBJ)/kernel.lto.o $(filter-out $(KERNEL_LTO_OBJS),$(KERNEL_OBJS))
KERNEL_LTO_OBJS = $(filter-out $(KERNEL_NO_LTO:%=$(KOBJ)/%),$(KERNEL_C:%.c=$(KOBJ)/%.o))
else
KERNEL_LINKED = $(KERNEL_OBJS)
endif

$(KOBJ)/kernel.lto.o: $$(KERNEL_OBJS) $(KOBJ)/symtab_empty.o linker.ld
	$(call say,LTO,$@)$(KCC) $(KCFLAGS) -Wno-maybe-uninitialized $(KERNEL_LTO) -save-temps -nostdlib -static -Wl,--no-dynamic-linker,-z,noexecstack \
		-Wl,-T,linker.ld -o $(@:.o=.elf) $(filter %.o,$^)
	$(Q)$(KLD) -r -z noexecstack -o $@ $(@:.o=.elf).ltrans0.ltrans.o $(KERNEL_LTO_OBJS:=.debug.temp.o)
	$(Q)rm -f $(@:.o=.elf)* $(KERNEL_LTO_OBJS:=.debug.temp.o)

# Two links: the first finds the addresses, the second embeds their table at the end of the
# read-only data, so that no address of a function changes.
$(BUILD)/kernel.pre.elf: $$(KERNEL_LINKED) $(KOBJ)/symtab_empty.o linker.ld
	$(call say,LD,$@)$(KLD) $(KLDFLAGS) -o $@ $(filter %.o,$^)

$(KOBJ)/symtab_empty.S:
	@mkdir -p $(@D)
	@printf '.section .rodata.symtab,"a"\n.globl symtab_blob, symtab_blob_end\nsymtab_blob:\nsymtab_blob_end:\n.section .note.GNU-stack,"",@progbits\n' >$@

$(KOBJ)/symtab.S: $(BUILD)/kernel.pre.elf tools/symtab.py
	$(call say,SYMTAB,$@)$(NM) -n $< | $(PYTHON) tools/symtab.py >$@

$(KOBJ)/symtab.o $(KOBJ)/symtab_empty.o: %.o: %.S
	$(Q)$(KCC) $(KCFLAGS) -c -o $@ $<

$(BUILD)/kernel.elf: $$(KERNEL_LINKED) $(KOBJ)/symtab.o linker.ld
	$(call say,LD,$@)$(KLD) $(KLDFLAGS) -Map=$(BUILD)/kernel.map -o $@ $(filter %.o,$^)

# What is put into images: no debug information, no symbols, no sections.
$(BUILD)/kernel.stripped.elf: $(BUILD)/kernel.elf tools/elf_headless.py
	$(call say,STRIP,$@)$(STRIP) -s -o $@ $<
	$(Q)$(PYTHON) tools/elf_headless.py $@

# The memory functions must not be compiled into calls of themselves.
$(KOBJ)/lib/string.o: KCFLAGS += $(if $(findstring clang,$(KCC)),-fno-builtin,-fno-tree-loop-distribute-patterns)

$(filter $(KERNEL_HOT:%=$(KOBJ)/%),$(KERNEL_C:%.c=$(KOBJ)/%.o)): KOPT := $(KOPT_HOT)
