# Tests of the host command: messages, packing, the relay, and (with the kernel) whole machines.
.PHONY: tool
tool: $(BUILD)/ouro $(BUILD)/kernel.elf ## Tests of build/ouro (T=name: some of them)
	$(Q)$(PYTHON) tests/tool/run.py $(BUILD)/ouro --kernel $(BUILD)/kernel.elf $(T)

CHECK_STEPS += tool
