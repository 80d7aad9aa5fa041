// Decoder of the compressed table of the kernel's function symbols that tools/symtab.py makes from
// the first link. Used by panic: it must not trust the table, allocate, lock or fail loudly.
//
// The table (little endian): struct symtab_header; |blocks| struct symtab_block; the text of the
// tokens, up to 256, one behind the other, bit 7 set in the last character of each (NUL is none: a
// token may be empty); the data. A block holds SYMTAB_BLOCK symbols (the last one fewer): for each
// the distance to the symbol before it as a LEB128 number (0 for the first: its address is the
// block's), then tokens of a byte each; one from |final_token| on is the name's last.
#pragma once

#include "lib/compiler.h"

#define SYMTAB_MAGIC      0x4d59534fu // "OSYM"
#define SYMTAB_BLOCK      64
#define SYMTAB_NAME_BYTES 128 // longer names are cut

struct symtab_header {
	uint32_t magic;
	uint32_t symbols;
	uint64_t base_va; // addresses are relative to it
	uint32_t blocks;
	uint32_t text_bytes;   // end of the last symbol, from base_va
	uint32_t tokens_bytes; // of the token area
	uint32_t data_bytes;
	uint32_t final_token;
	uint32_t unused;
};

struct symtab_block {
	uint32_t first; // address of the block's first symbol, from base_va
	uint32_t data_offset;
};

struct symtab_symbol {
	uint64_t start_va;
	uint64_t bytes; // to the next symbol
	char name[SYMTAB_NAME_BYTES];
};

// Finds the function that holds |va|. False if there is none or the table is not sound.
bool symtab_lookup(const void *table, size_t bytes, uint64_t va, struct symtab_symbol *out);
