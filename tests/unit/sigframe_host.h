// Takes a signal on the host and tells where its kernel put the frame. In a file of its own,
// because the C library's signal headers and the kernel's cannot be included together.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct host_frame {
	uint64_t interrupted_sp;
	uint64_t frame, fpstate;
	uint64_t fpu_bytes; // of the floating point image with its end mark
	uint64_t alt_sp, alt_bytes;
};
void host_take_signal(struct host_frame *out, bool on_altstack);
