// The kernel's random numbers. Lock: rng.lock (RANK_DEVICE, interrupts off), a leaf.
//
// Words come from a batch, so that a few numbers at boot cost one ChaCha20 block, and each exec's
// later less than that; a batch word is erased when it is handed out.

#include "kernel/base/random.h"

#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/lock.h"
#include "lib/chacha20.h"
#include "lib/string.h"

#define FIRST_WORDS    4  // what a block has room for beside the next key
#define BATCH_WORDS    12 // two blocks
#define JITTER_SAMPLES 16
#define HW_WORDS       4
#define HW_RETRIES     10  // Intel SDM vol. 1, 7.3.17.1
#define HOLD_BYTES     512 // made per lock hold

static struct {
	struct spinlock lock;
	struct csprng csprng;
	uint64_t batch[BATCH_WORDS];
	unsigned batch_left;
	bool started; // the first batch is used up
	bool fixed;   // from ouro.seed=: nothing else may get in
} rng = { .lock = SPINLOCK_INIT(RANK_DEVICE, "random") };

static uint64_t hardware_word(void)
{
	uint64_t v = 0;

	if (cpu_features.rdseed)
		for (int i = 0; i < HW_RETRIES; i++)
			if (cpu_rdseed(&v))
				return v;
	if (cpu_features.rdrand)
		for (int i = 0; i < HW_RETRIES; i++)
			if (cpu_rdrand(&v))
				return v;
	return v;
}

__stack_guarded void random_init(const char *seed)
{
	uint64_t words[HW_WORDS + JITTER_SAMPLES];

	csprng_init(&rng.csprng);
	rng.batch_left = 0;
	rng.fixed = seed != NULL;
	if (seed) {
		csprng_mix(&rng.csprng, seed, strlen(seed));
		return;
	}
	for (int i = 0; i < HW_WORDS; i++)
		words[i] = hardware_word();
	// A fence of unknown length between two readings: cache and host scheduling jitter.
	for (int i = 0; i < JITTER_SAMPLES; i++) {
		words[HW_WORDS + i] = cpu_rdtsc();
		cpu_relax();
	}
	csprng_mix(&rng.csprng, words, sizeof(words));
	memset(words, 0, sizeof(words));
	barrier();
}

void random_add(const void *bytes, size_t n)
{
	uint64_t irq = spin_lock_irqsave(&rng.lock), now = cpu_rdtsc();

	if (!rng.fixed) {
		csprng_mix(&rng.csprng, &now, sizeof(now));
		csprng_mix(&rng.csprng, bytes, n);
		rng.batch_left = 0;
	}
	spin_unlock_irqrestore(&rng.lock, irq);
}

void random_bytes(void *out, size_t n)
{
	char *p = out;

	while (n) {
		size_t now = MIN(n, (size_t)HOLD_BYTES);
		uint64_t irq = spin_lock_irqsave(&rng.lock);

		csprng_bytes(&rng.csprng, p, now);
		spin_unlock_irqrestore(&rng.lock, irq);
		p += now;
		n -= now;
	}
}

uint64_t random_u64(void)
{
	uint64_t irq = spin_lock_irqsave(&rng.lock), v;

	if (!rng.batch_left) {
		rng.batch_left = rng.started ? BATCH_WORDS : FIRST_WORDS;
		rng.started = true;
		csprng_bytes(&rng.csprng, rng.batch, rng.batch_left * sizeof(*rng.batch));
	}
	v = rng.batch[--rng.batch_left];
	rng.batch[rng.batch_left] = 0;
	spin_unlock_irqrestore(&rng.lock, irq);
	return v;
}
