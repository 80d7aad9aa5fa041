# Which compilers: KCC/KLD and binutils for the kernel, HOSTCC for what runs here.
#   default                     $(CROSS_COMPILE)gcc, or plain gcc where the prefix is not installed
#   CC=clang                    clang, GNU ld
#   CROSS_COMPILE=x86_64-elf-   that gcc if there is one, else clang --target=x86_64-elf and ld.lld

CROSS_COMPILE ?= x86_64-linux-gnu-
ifeq ($(CROSS_COMPILE),x86_64-elf-)
  ifeq ($(shell command -v x86_64-elf-gcc),)
    kernel_clang := $(if $(filter default,$(origin CC)),clang,$(CC)) --target=x86_64-elf
  endif
else ifeq ($(shell command -v $(CROSS_COMPILE)ld),)
  override CROSS_COMPILE :=
endif

ifneq ($(kernel_clang),)
  KCC := $(kernel_clang)
  KLD := ld.lld
  NM := llvm-nm
  OBJCOPY := llvm-objcopy
  STRIP := llvm-strip
else
  KCC := $(if $(filter default,$(origin CC)),$(CROSS_COMPILE)gcc,$(CC))
  KLD := $(CROSS_COMPILE)ld
  NM := $(CROSS_COMPILE)nm
  OBJCOPY := $(CROSS_COMPILE)objcopy
  STRIP := $(CROSS_COMPILE)strip
endif
HOSTCC ?= $(if $(filter default,$(origin CC)),gcc,$(CC))
HOSTCXX ?= g++
PYTHON ?= python3
AWK ?= awk
