# Which compilers: KCC/KLD for the kernel, HOSTCC for what runs here.

CROSS_COMPILE ?= x86_64-linux-gnu-
ifeq ($(origin CC),default)
  ifeq ($(CROSS_COMPILE)$(shell command -v $(CROSS_COMPILE)gcc),x86_64-elf-)
    KCC := clang --target=x86_64-elf
  else
    KCC := $(CROSS_COMPILE)gcc
  endif
  HOSTCC ?= gcc
else ifneq ($(findstring clang,$(CC)),)
  KCC := $(CC)$(if $(filter x86_64-elf-,$(CROSS_COMPILE)), --target=x86_64-elf)
  HOSTCC ?= $(CC)
else
  KCC := $(CC)
  HOSTCC ?= $(CC)
endif
ifneq ($(findstring --target=x86_64-elf,$(KCC)),)
  KLD := ld.lld
  NM := llvm-nm
  OBJCOPY := llvm-objcopy
  STRIP := llvm-strip
else
  KLD := $(CROSS_COMPILE)ld
  NM := $(CROSS_COMPILE)nm
  OBJCOPY := $(CROSS_COMPILE)objcopy
  STRIP := $(CROSS_COMPILE)strip
endif
HOSTCXX ?= g++
PYTHON ?= python3
AWK ?= awk
