// sources: lib/cpio.c
// Any bytes as an archive: members lie inside it, in order, and the iteration ends.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio_reader r;
	struct cpio_member m;
	uint64_t behind = 0;

	cpio_init(&r, data, size);
	while (cpio_next(&r, &m) == 1) {
		assert(m.header_offset >= behind && m.header_offset % 4 == 0);
		assert(m.name_bytes > 0 && m.name_bytes < CPIO_MAX_NAME_BYTES);
		assert(strlen(m.name) == m.name_bytes);
		assert(m.data_offset <= size && m.size_bytes <= size - m.data_offset);
		behind = m.data_offset + m.size_bytes;
		assert(r.at >= behind && r.at <= size);
	}
	return 0;
}
