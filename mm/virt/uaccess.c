// Copies between the kernel and the calling thread's program. The raw primitives stop at a fault
// that the trap handler could not resolve; here addresses are checked and "nofault" is arranged.
// Holds no lock.
#include "mm/virt/uaccess.h"

#include <linux/errno.h>

#include "kernel/base/usercopy.h"
#include "kernel/sched/thread.h"
#include "mm/virt/aspace.h"

// All of [p, p + bytes) is in the half that belongs to programs.
static bool in_user_half(struct uptr p, size_t bytes)
{
	return p.va <= USER_TOP && bytes <= USER_TOP - p.va;
}

// How many of |bytes| may be tried at all.
static size_t clip(struct uptr p, size_t bytes)
{
	if (likely(in_user_half(p, bytes)))
		return bytes;
	return p.va < USER_TOP ? USER_TOP - p.va : 0;
}

static void faults_off(void)
{
	thread_current()->no_fault_depth++;
	barrier();
}

static void faults_on(void)
{
	barrier();
	thread_current()->no_fault_depth--;
}

int copy_from_user(void *dst, struct uptr src, size_t bytes)
{
	if (!in_user_half(src, bytes))
		return -EFAULT;
	return raw_copy_from_user(dst, (const void *)src.va, bytes) ? -EFAULT : 0;
}

int copy_to_user(struct uptr dst, const void *src, size_t bytes)
{
	if (!in_user_half(dst, bytes))
		return -EFAULT;
	return raw_copy_to_user((void *)dst.va, src, bytes) ? -EFAULT : 0;
}

int clear_user(struct uptr dst, size_t bytes)
{
	if (!in_user_half(dst, bytes))
		return -EFAULT;
	return raw_user_clear((void *)dst.va, bytes) ? -EFAULT : 0;
}

size_t user_read_partial(void *dst, struct uptr src, size_t bytes)
{
	bytes = clip(src, bytes);
	return bytes - raw_copy_from_user(dst, (const void *)src.va, bytes);
}

size_t user_write_partial(struct uptr dst, const void *src, size_t bytes)
{
	bytes = clip(dst, bytes);
	return bytes - raw_copy_to_user((void *)dst.va, src, bytes);
}

__cold size_t user_clear_partial(struct uptr dst, size_t bytes)
{
	bytes = clip(dst, bytes);
	return bytes - raw_user_clear((void *)dst.va, bytes);
}

size_t user_read_nofault(void *dst, struct uptr src, size_t bytes)
{
	size_t done;

	faults_off();
	done = user_read_partial(dst, src, bytes);
	faults_on();
	return done;
}

size_t user_write_nofault(struct uptr dst, const void *src, size_t bytes)
{
	size_t done;

	faults_off();
	done = user_write_partial(dst, src, bytes);
	faults_on();
	return done;
}

__cold size_t user_clear_nofault(struct uptr dst, size_t bytes)
{
	size_t done;

	faults_off();
	done = user_clear_partial(dst, bytes);
	faults_on();
	return done;
}

int user_fault_in(struct uptr p, size_t bytes, bool write)
{
	struct aspace *as = thread_current()->aspace;
	const uint32_t error = FAULT_ERR_USER | (write ? FAULT_ERR_WRITE : 0);
	va_t va = p.va & PAGE_MASK;

	if (!in_user_half(p, bytes) || !as)
		return -EFAULT;
	for (; va < p.va + bytes; va += PAGE_SIZE) {
		if (aspace_fault(as, va, error) != FAULT_OK)
			return -EFAULT;
	}
	return 0;
}

static size_t find_nul(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i])
		i++;
	return i;
}

// Never reads across a page boundary that the string does not cross.
static size_t string_step(struct uptr src, size_t room)
{
	return MIN(PAGE_SIZE - (src.va & (PAGE_SIZE - 1)), room);
}

// May the eight bytes at |p| be read at once? They are the program's and lie in one page.
static inline bool is_whole_word(struct uptr p)
{
	return p.va < USER_TOP && (p.va & (PAGE_SIZE - 1)) <= PAGE_SIZE - sizeof(uint64_t);
}

// A mark in the lowest byte of |word| that is zero (and perhaps in some above it).
static inline uint64_t zero_bytes(uint64_t word)
{
	return (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;
}

int64_t strncpy_from_user(char *dst, struct uptr src, size_t size)
{
	size_t done = 0;

	while (done < size) {
		struct uptr at = uptr_add(src, done);
		uint64_t word, zero;

		if (unlikely(size - done < sizeof(word) || !is_whole_word(at))) {
			// Up to the end of the page or of |dst|.
			size_t want = MIN(string_step(at, size - done), sizeof(word));
			size_t got = user_read_partial(dst + done, at, want);
			size_t len = find_nul(dst + done, got);

			if (len < got)
				return (int64_t)(done + len);
			if (got < want)
				return -EFAULT;
			done += got;
			continue;
		}
		if (unlikely(raw_user_read64_inline((const uint64_t *)at.va, &word)))
			return -EFAULT;
		__builtin_memcpy(dst + done, &word, sizeof(word));
		zero = zero_bytes(word);
		if (zero)
			return (int64_t)(done + (unsigned)__builtin_ctzll(zero) / 8);
		done += sizeof(word);
	}
	return -ENAMETOOLONG;
}

__stack_guarded int64_t strnlen_user(struct uptr src, size_t max)
{
	char part[128];
	size_t done = 0;

	while (done <= max) {
		size_t want = MIN(string_step(uptr_add(src, done), sizeof(part)), max + 1 - done);
		size_t got = user_read_partial(part, uptr_add(src, done), want);
		size_t len = find_nul(part, got);

		if (len < got)
			return (int64_t)(done + len);
		if (got < want)
			return -EFAULT;
		done += got;
	}
	return (int64_t)max + 1;
}

static bool is_user_word(struct uptr p)
{
	return in_user_half(p, sizeof(uint32_t)) && IS_ALIGNED(p.va, sizeof(uint32_t));
}

int user_cmpxchg32_nofault(struct uptr p, uint32_t *expected, uint32_t desired)
{
	int r = -EFAULT;

	if (!is_user_word(p))
		return r;
	faults_off();
	r = raw_user_cmpxchg32((uint32_t *)p.va, expected, desired);
	faults_on();
	return r;
}

int user_read32_nofault(struct uptr p, uint32_t *value)
{
	int r = -EFAULT;

	if (!is_user_word(p))
		return r;
	faults_off();
	r = raw_user_read32((const uint32_t *)p.va, value);
	faults_on();
	return r;
}
