# Programs of Debian on Ouro, with the output that is expected of them: see run.py and README.md.
.PHONY: check-apps
check-apps: $(BUILD)/ouro $(BUILD)/kernel.elf ## Programs of Debian (Java, Python, C++, Rust, Go...) on Ouro (T=name)
	$(Q)$(PYTHON) tests/apps/run.py --build $(BUILD) $(T)
