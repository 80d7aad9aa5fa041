# Suites that others wrote, on this machine's Linux and on Ouro: see README.md. Not part of `make check`.
CONFORMANCE_RUN = $(PYTHON) tests/conformance/run.py --build $(BUILD) $(CONFORMANCE_ARGS)
.PHONY: check-selftests check-python check-stress
check-selftests: $(BUILD)/ouro $(BUILD)/kernel.elf ## The kernel's own selftests (linux-source) on Linux and on Ouro (T=globs)
	$(Q)$(CONFORMANCE_RUN) selftests $(foreach t,$(T),'$(t)')
check-python: $(BUILD)/ouro $(BUILD)/kernel.elf ## CPython's tests (libpython3.11-testsuite) on Linux and on Ouro (T=globs)
	$(Q)$(CONFORMANCE_RUN) python $(foreach t,$(T),'$(t)')
check-stress: $(BUILD)/ouro $(BUILD)/kernel.elf ## stress-ng --verify on Linux and on Ouro, 1 and 4 CPUs (T=globs)
	$(Q)$(CONFORMANCE_RUN) stress $(foreach t,$(T),'$(t)')
