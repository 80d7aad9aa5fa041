// ChaCha20 (RFC 8439) and a random number generator on it with fast key erasure: after each request
// the key that made it is gone. Callers provide the locking. Sleeps: never.
#pragma once

#include "lib/compiler.h"

#define CHACHA20_KEY_BYTES   32
#define CHACHA20_NONCE_BYTES 12
#define CHACHA20_BLOCK_BYTES 64

// One block of key stream.
void chacha20_block(const uint8_t key[CHACHA20_KEY_BYTES], uint32_t counter,
		    const uint8_t nonce[CHACHA20_NONCE_BYTES], uint8_t out[CHACHA20_BLOCK_BYTES]);

struct csprng {
	uint8_t key[CHACHA20_KEY_BYTES];
};

// Starts from an all-zero key: useless until csprng_mix has brought entropy in.
void csprng_init(struct csprng *r);
// Absorbs |bytes| of entropy. What the state knew before stays in it, whatever is mixed in later.
void csprng_mix(struct csprng *r, const void *entropy, size_t bytes);
// Fills |out|. For one lock hold keep |bytes| at a page or so.
void csprng_bytes(struct csprng *r, void *out, size_t bytes);
uint64_t csprng_u64(struct csprng *r);
