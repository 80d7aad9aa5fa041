// ChaCha20 and the random generator on it. Owns nothing, takes no locks, never sleeps.
#include "lib/chacha20.h"
#include "lib/string.h"

static inline uint32_t rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static __always_inline_fn void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = rotl(*d ^ *a, 16);
	*c += *d;
	*b = rotl(*b ^ *c, 12);
	*a += *b;
	*d = rotl(*d ^ *a, 8);
	*c += *d;
	*b = rotl(*b ^ *c, 7);
}

// Indexes are constants all the way, so that the compiler keeps words in registers.
static void double_round(uint32_t s[16])
{
	quarter_round(&s[0], &s[4], &s[8], &s[12]);
	quarter_round(&s[1], &s[5], &s[9], &s[13]);
	quarter_round(&s[2], &s[6], &s[10], &s[14]);
	quarter_round(&s[3], &s[7], &s[11], &s[15]);
	quarter_round(&s[0], &s[5], &s[10], &s[15]);
	quarter_round(&s[1], &s[6], &s[11], &s[12]);
	quarter_round(&s[2], &s[7], &s[8], &s[13]);
	quarter_round(&s[3], &s[4], &s[9], &s[14]);
}

// The compiler may not drop a clearing of what is never read again.
static void wipe(void *p, size_t bytes)
{
	memset(p, 0, bytes);
	__asm__ volatile("" ::"r"(p) : "memory");
}

__stack_guarded void chacha20_block(const uint8_t key[CHACHA20_KEY_BYTES], uint32_t counter,
				    const uint8_t nonce[CHACHA20_NONCE_BYTES],
				    uint8_t out[CHACHA20_BLOCK_BYTES])
{
	uint32_t start[16], s[16];

	memcpy(start, "expand 32-byte k", 16);
	memcpy(start + 4, key, CHACHA20_KEY_BYTES);
	start[12] = counter;
	memcpy(start + 13, nonce, CHACHA20_NONCE_BYTES);
	memcpy(s, start, sizeof(s));
	for (unsigned i = 0; i < 10; i++)
		double_round(s);
	for (unsigned i = 0; i < 16; i++)
		s[i] += start[i];
	memcpy(out, s, sizeof(s));
	wipe(start, sizeof(start));
	wipe(s, sizeof(s));
}

// Nonces separate what the generator uses blocks for.
static const uint8_t nonce_output[CHACHA20_NONCE_BYTES] = { 0 };
static const uint8_t nonce_mix[CHACHA20_NONCE_BYTES] = { 1 };

void csprng_init(struct csprng *r)
{
	memset(r, 0, sizeof(*r));
}

// Each piece is added to the key, which is then replaced by a block made with it: who knows the
// pieces but not the key learns nothing, and a later piece cannot undo an earlier one.
void csprng_mix(struct csprng *r, const void *entropy, size_t bytes)
{
	const uint8_t *in = entropy;
	uint8_t block[CHACHA20_BLOCK_BYTES];

	while (bytes > 0) {
		size_t n = MIN(bytes, sizeof(r->key));

		for (size_t i = 0; i < n; i++)
			r->key[i] ^= in[i];
		chacha20_block(r->key, (uint32_t)n, nonce_mix, block);
		memcpy(r->key, block, sizeof(r->key));
		in += n;
		bytes -= n;
	}
	wipe(block, sizeof(block));
}

// The first half of the first block is the next key; the other half and the blocks behind it are
// the output.
void csprng_bytes(struct csprng *r, void *out, size_t bytes)
{
	uint8_t block[CHACHA20_BLOCK_BYTES], next[CHACHA20_KEY_BYTES];
	size_t used = sizeof(next);
	uint32_t counter = 0;
	uint8_t *to = out;

	chacha20_block(r->key, counter++, nonce_output, block);
	memcpy(next, block, sizeof(next));
	while (bytes > 0) {
		size_t n = MIN(bytes, sizeof(block) - used);

		memcpy(to, block + used, n);
		to += n;
		bytes -= n;
		used = 0;
		if (bytes > 0)
			chacha20_block(r->key, counter++, nonce_output, block);
	}
	memcpy(r->key, next, sizeof(next));
	wipe(next, sizeof(next));
	wipe(block, sizeof(block));
}

uint64_t csprng_u64(struct csprng *r)
{
	uint64_t v;

	csprng_bytes(r, &v, sizeof(v));
	return v;
}
