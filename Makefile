# Ouro: build and test. Run `make help`. One non-recursive makefile; mk/*.mk hold the parts.
# Everything that is made goes to $(BUILD). Local overrides go to config.mk (not committed).
#
# Variables: BUILD=dir  V=1 (show commands)  DEBUG=1 (assertions, lock checks)  CC=clang
#            CROSS_COMPILE=x86_64-elf- (clang --target=x86_64-elf and ld.lld if that gcc is absent)

-include config.mk

BUILD ?= build
.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$(2))';
endif

include mk/toolchain.mk
include mk/kernel.mk
include mk/host.mk
include mk/unit.mk
include mk/fuzz.mk
include mk/check.mk

# Folders may bring rules of their own (generated sources, guest tests, benchmarks, examples).
include $(sort $(wildcard mk/bench.mk tools/ouro/build.mk tests/*/build.mk examples/build.mk docs/build.mk))

.PHONY: all help clean FORCE
all: $(BUILD)/kernel.elf $(BUILD)/ouro compile_commands.json ## Build build/kernel.elf and build/ouro (the default)

help: ## Print this list
	@sed -n 's/^\([a-z][a-z_.-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | sort -u | expand -t 26

clean: ## Remove everything that was built
	rm -rf $(BUILD)

FORCE:


# The stamp of a command line: rewritten only when it changes, so that what depends on it is
# rebuilt after a change of flags and not otherwise. $(call stamp,FILE,TEXT)
define stamp
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$(2))' | cmp -s - $$@ || printf '%s\n' '$$(subst ','\'',$(2))' >$$@
endef
$(eval $(call stamp,$(KOBJ)/flags,$(KCC) $(KCFLAGS) hot: $(KOPT_HOT) $(KERNEL_HOT) lto: $(LTO)))
$(eval $(call stamp,$(HOBJ)/flags,$(HOSTCC) $(HOST_CFLAGS)))
$(eval $(call stamp,$(UOBJ)/flags,$(HOSTCC) $(UNIT_CFLAGS)))
$(eval $(call stamp,$(FOBJ)/flags,$(FUZZCC) $(FUZZ_CFLAGS)))
