// Decoder of the kernel's symbol table. Runs inside a panic: it checks every offset, never
// allocates and takes no locks. Format: lib/symtab.h.
#include "lib/symtab.h"
#include "lib/string.h"

#define TOKENS 256

struct table {
	struct symtab_header h;
	const uint8_t *blocks, *token_offsets, *tokens, *data;
};

static bool table_open(struct table *t, const void *table, size_t bytes)
{
	const uint8_t *p = table;
	uint64_t need = sizeof(t->h);

	if (bytes < sizeof(t->h))
		return false;
	memcpy(&t->h, p, sizeof(t->h));
	need += (uint64_t)t->h.blocks * sizeof(struct symtab_block) + (TOKENS + 1) * 2;
	need += (uint64_t)t->h.tokens_bytes + t->h.data_bytes;
	if (t->h.magic != SYMTAB_MAGIC || need > bytes)
		return false;
	if (t->h.blocks != (t->h.symbols + (uint64_t)SYMTAB_BLOCK - 1) / SYMTAB_BLOCK)
		return false;
	t->blocks = p + sizeof(t->h);
	t->token_offsets = t->blocks + (size_t)t->h.blocks * sizeof(struct symtab_block);
	t->tokens = t->token_offsets + (TOKENS + 1) * 2;
	t->data = t->tokens + t->h.tokens_bytes;
	return true;
}

static struct symtab_block block_at(const struct table *t, uint32_t i)
{
	struct symtab_block b;

	memcpy(&b, t->blocks + (size_t)i * sizeof(b), sizeof(b));
	return b;
}

// The last block that starts at or below |offset|. The caller knows that the first one does.
static uint32_t find_block(const struct table *t, uint32_t offset)
{
	uint32_t low = 0, high = t->h.blocks;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (block_at(t, middle).first <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool read_leb128(const struct table *t, uint32_t *at, uint32_t *out)
{
	uint32_t value = 0;

	for (unsigned shift = 0; shift < 32; shift += 7) {
		uint8_t byte;

		if (*at >= t->h.data_bytes)
			return false;
		byte = t->data[(*at)++];
		value |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

static size_t put_token(const struct table *t, uint8_t token, char *name, size_t at)
{
	uint16_t from, to;

	memcpy(&from, t->token_offsets + (size_t)token * 2, 2);
	memcpy(&to, t->token_offsets + (size_t)token * 2 + 2, 2);
	if (to > t->h.tokens_bytes)
		return at;
	for (; from < to && at + 1 < SYMTAB_NAME_BYTES; from++)
		name[at++] = (char)t->tokens[from];
	return at;
}

static bool put_name(const struct table *t, uint32_t at, char *name)
{
	size_t length = 0;
	uint8_t count;

	if (at >= t->h.data_bytes)
		return false;
	count = t->data[at++];
	if (t->h.data_bytes - at < count)
		return false;
	for (; count > 0; count--)
		length = put_token(t, t->data[at++], name, length);
	name[length] = '\0';
	return true;
}

// Walks block |i| to the last symbol at or below |offset|.
static bool find_symbol(const struct table *t, uint32_t i, uint32_t offset,
			struct symtab_symbol *out)
{
	uint32_t left = MIN(SYMTAB_BLOCK, t->h.symbols - i * SYMTAB_BLOCK);
	struct symtab_block b = block_at(t, i);
	uint32_t at = b.data_offset, name_at = 0, address = b.first, start = b.first, end, delta;

	end = i + 1 < t->h.blocks ? block_at(t, i + 1).first : t->h.text_bytes;
	for (; left > 0; left--) {
		if (!read_leb128(t, &at, &delta) || at >= t->h.data_bytes)
			return false;
		address += delta;
		if (address > offset) {
			end = address;
			break;
		}
		start = address;
		name_at = at;
		at += 1 + (uint32_t)t->data[at];
	}
	if (name_at == 0 || end <= offset)
		return false;
	out->start_va = t->h.base_va + start;
	out->bytes = end - start;
	return put_name(t, name_at, out->name);
}

bool symtab_lookup(const void *table, size_t bytes, uint64_t va, struct symtab_symbol *out)
{
	struct table t;
	uint32_t offset;

	if (!table_open(&t, table, bytes) || t.h.symbols == 0)
		return false;
	if (va < t.h.base_va || va - t.h.base_va >= t.h.text_bytes)
		return false;
	offset = (uint32_t)(va - t.h.base_va);
	if (block_at(&t, 0).first > offset)
		return false;
	return find_symbol(&t, find_block(&t, offset), offset, out);
}
