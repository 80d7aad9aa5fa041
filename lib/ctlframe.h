// The framing of the control channel (lib/ctlproto.h), for both ends: a pure parser that takes
// bytes as they come, and an encoder. Knows nothing of descriptors.
#pragma once

#include "lib/compiler.h"

#include "lib/ctlproto.h"

#define FRAME_SMALL_BYTES 64 // records of fixed layout are shorter

struct frame_parser {
	// |offset| of |total| bytes of the record's payload are in |bytes|. Records of at most
	// FRAME_SMALL_BYTES come whole; longer ones come in pieces as they arrive. A record without
	// payload comes once with |n| 0.
	void (*record)(void *arg, unsigned type, uint32_t offset, uint32_t total, const void *bytes,
		       size_t n);
	void *arg;
	uint64_t garbage_bytes; // skipped while looking for a record

	// private
	uint8_t head[sizeof(struct ctl_header) + FRAME_SMALL_BYTES];
	size_t head_bytes;
	struct ctl_header current;
	uint32_t done; // payload bytes of a long record delivered
	int in_payload;
};

void frame_feed(struct frame_parser *p, const void *bytes, size_t n);
// Writes a header for |n| payload bytes into |out|.
void frame_header(struct ctl_header *out, unsigned type, uint32_t n);
