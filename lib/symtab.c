// Decoder of the kernel's symbol table. Runs inside a panic: it checks every offset, never
// allocates and takes no locks. Format: lib/symtab.h.
#include "lib/symtab.h"
#include "lib/string.h"

struct table {
	struct symtab_header h;
	const uint8_t *blocks, *tokens, *data;
};

static bool table_open(struct table *t, const void *table, size_t bytes)
{
	const uint8_t *p = table;
	uint64_t need = sizeof(t->h);

	if (bytes < sizeof(t->h))
		return false;
	memcpy(&t->h, p, sizeof(t->h));
	need += (uint64_t)t->h.blocks * sizeof(struct symtab_block);
	need += (uint64_t)t->h.tokens_bytes + t->h.data_bytes;
	if (t->h.magic != SYMTAB_MAGIC || need > bytes)
		return false;
	if (t->h.blocks != (t->h.symbols + (uint64_t)SYMTAB_BLOCK - 1) / SYMTAB_BLOCK)
		return false;
	t->blocks = p + sizeof(t->h);
	t->tokens = t->blocks + (size_t)t->h.blocks * sizeof(struct symtab_block);
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

// Where the text of |token| begins, or behind all of them.
static uint32_t token_at(const struct table *t, uint8_t token)
{
	uint32_t at = 0;

	for (; token > 0; token--)
		while (at < t->h.tokens_bytes && !(t->tokens[at++] & 0x80))
			;
	return at;
}

static size_t put_token(const struct table *t, uint8_t token, char *name, size_t length)
{
	uint8_t c = 0;

	for (uint32_t at = token_at(t, token); at < t->h.tokens_bytes && !(c & 0x80); at++) {
		c = t->tokens[at];
		if (c & 0x7f && length + 1 < SYMTAB_NAME_BYTES)
			name[length++] = (char)(c & 0x7f);
	}
	return length;
}

static bool put_name(const struct table *t, uint32_t at, char *name)
{
	size_t length = 0;
	uint8_t token;

	do {
		if (at >= t->h.data_bytes)
			return false;
		token = t->data[at++];
		length = put_token(t, token, name, length);
	} while (token < t->h.final_token);
	name[length] = '\0';
	return true;
}

static void skip_name(const struct table *t, uint32_t *at)
{
	while (*at < t->h.data_bytes && t->data[(*at)++] < t->h.final_token)
		;
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
		if (!read_leb128(t, &at, &delta))
			return false;
		address += delta;
		if (address > offset) {
			end = address;
			break;
		}
		start = address;
		name_at = at;
		skip_name(t, &at);
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
