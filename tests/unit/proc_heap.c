// See proc_heap.h.
#include "tests/unit/proc_heap.h"

#include <stdlib.h>
#include <string.h>

#include "mm/phys/kmalloc.h"

static struct {
	unsigned fail_at;
	long live;
} heap;

void proc_heap_fail_at(unsigned n)
{
	heap.fail_at = n;
}

long proc_heap_live(void)
{
	return heap.live;
}

void *kmalloc(size_t bytes)
{
	void *p;

	if (heap.fail_at && !--heap.fail_at)
		return NULL;
	p = malloc(bytes ? bytes : 1);
	memset(p, 0xa5, bytes);
	heap.live++;
	return p;
}

void *kzalloc(size_t bytes)
{
	void *p = kmalloc(bytes);

	return p ? memset(p, 0, bytes) : NULL;
}

void *kcalloc(size_t count, size_t bytes)
{
	return kzalloc(count * bytes);
}

void kfree(void *p)
{
	heap.live -= p != NULL;
	free(p);
}

void *kvalloc(size_t bytes)
{
	return kmalloc(bytes);
}

void kvfree(void *p)
{
	kfree(p);
}

char *kstrndup(const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	char *p = kmalloc(n + 1);

	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}
