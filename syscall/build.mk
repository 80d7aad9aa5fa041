# The generated page about system calls must fit the list.
.PHONY: syscalls-doc
syscalls-doc: ## Write docs/syscalls.md from syscall/syscalls.def
	$(Q)$(PYTHON) tools/syscalls_doc.py

.PHONY: syscalls-doc-check
syscalls-doc-check:
	$(Q)$(PYTHON) tools/syscalls_doc.py --check
lint: syscalls-doc-check
