# The examples: ordinary programs, built by the ordinary compiler of this machine.
EXAMPLES := $(BUILD)/examples
EXAMPLE_CXX ?= g++
EXAMPLE_CC ?= gcc

$(EXAMPLES)/ring: examples/ring/ring.cpp
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(EXAMPLE_CXX) -std=c++17 -O2 -Wall -Wextra -Werror -o $@ $<

$(EXAMPLES)/hello: examples/hello/hello.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(EXAMPLE_CC) -std=c11 -O2 -Wall -Wextra -Werror -o $@ $<

$(EXAMPLES)/spsc-bench: examples/spsc/bench.c examples/spsc/spsc.h examples/spsc/copyring.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(EXAMPLE_CC) -std=c11 -O2 -Wall -Wextra -Werror -o $@ $< -pthread

$(EXAMPLES)/spsc-test: examples/spsc/test.c examples/spsc/spsc.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(EXAMPLE_CC) -std=c11 -O2 -Wall -Wextra -Werror -o $@ $< -pthread

.PHONY: examples
examples: $(EXAMPLES)/ring $(EXAMPLES)/hello $(EXAMPLES)/spsc-bench $(EXAMPLES)/spsc-test ## Build the examples
