// Interrupt vectors and who handles them. Handlers are added at run time and never removed; a
// vector's list is published by a store-release, so that irq_dispatch needs no lock. irq.lock
// guards allocation.
#include "kernel/base/irq.h"

#include <asm-generic/errno-base.h>

#include "kernel/base/apic.h"
#include "kernel/base/lock.h"

#define IRQ_VECTORS   (IRQ_LAST - IRQ_FIRST + 1)
#define MAX_HANDLERS  48
#define LOCAL_VECTORS (VECTOR_CALL - VECTOR_TIMER + 1)
#define MSI_ADDRESS   0xfee00000u

struct handler {
	irq_handler_fn *fn;
	void *arg;
	struct handler *next;
};

static struct {
	struct spinlock lock;
	unsigned handlers_used;
	unsigned next_vector;               // index
	unsigned gsi_plus_one[IRQ_VECTORS]; // which GSI a vector serves; 0: none
	struct handler *first[IRQ_VECTORS];
	struct handler pool[MAX_HANDLERS];
	void (*router)(void);               // NULL once it has run
	void (*local[LOCAL_VECTORS])(void); // from VECTOR_TIMER on
	uint64_t spurious;
} irq = { .lock = SPINLOCK_INIT(RANK_DRIVER, "irq") };

// Puts a handler in front of vector |index|. -ENOSPC: the pool is used up.
static int add_handler_locked(unsigned index, irq_handler_fn *fn, void *arg)
{
	if (irq.handlers_used == MAX_HANDLERS)
		return -ENOSPC;
	struct handler *h = &irq.pool[irq.handlers_used++];
	*h = (struct handler){ .fn = fn, .arg = arg, .next = irq.first[index] };
	__atomic_store_n(&irq.first[index], h, __ATOMIC_RELEASE);
	return 0;
}

static int alloc_vector_locked(irq_handler_fn *fn, void *arg, unsigned *index)
{
	if (irq.next_vector == IRQ_VECTORS)
		return -ENOSPC;
	int err = add_handler_locked(irq.next_vector, fn, arg);
	if (!err)
		*index = irq.next_vector++;
	return err;
}

int irq_alloc_vector(irq_handler_fn *fn, void *arg, uint8_t *vector)
{
	unsigned index = 0;
	uint64_t state = spin_lock_irqsave(&irq.lock);
	int err = alloc_vector_locked(fn, arg, &index);
	spin_unlock_irqrestore(&irq.lock, state);
	*vector = IRQ_FIRST + index;
	return err;
}

// The vector that already serves |gsi|, or IRQ_VECTORS.
static unsigned find_gsi_locked(unsigned gsi)
{
	unsigned i = 0;
	while (i < IRQ_VECTORS && irq.gsi_plus_one[i] != gsi + 1)
		i++;
	return i;
}

void irq_set_router(void (*init)(void))
{
	irq.router = init;
}

// Boot finds devices one after the other: no lock is needed, and |init| may take any.
static void ensure_router(void)
{
	void (*init)(void) = irq.router;
	irq.router = NULL;
	if (init)
		init();
}

int irq_route_gsi(unsigned gsi, bool level, bool active_low, irq_handler_fn *fn, void *arg)
{
	ensure_router();
	uint64_t state = spin_lock_irqsave(&irq.lock);
	unsigned index = find_gsi_locked(gsi);
	int err;
	if (index < IRQ_VECTORS) {
		err = add_handler_locked(index, fn, arg);
	} else {
		err = alloc_vector_locked(fn, arg, &index);
		if (!err)
			err = ioapic_route(gsi, IRQ_FIRST + index, level, active_low);
		if (!err)
			irq.gsi_plus_one[index] = gsi + 1;
	}
	spin_unlock_irqrestore(&irq.lock, state);
	return err;
}

void irq_msi_message(uint8_t vector, uint64_t *address, uint32_t *data)
{
	*address = MSI_ADDRESS | apic_id() << 12;
	*data = vector; // edge, fixed delivery
}

void irq_set_local_handler(uint8_t vector, void (*fn)(void))
{
	irq.local[vector - VECTOR_TIMER] = fn;
}

uint64_t irq_spurious_count(void)
{
	return READ_ONCE(irq.spurious);
}

DEFINE_PERCPU(unsigned, irq_handling);

void irq_dispatch(uint8_t vector)
{
	lock_interrupt_enter();
	this_cpu_write(irq_handling, 1);
	if (vector >= IRQ_FIRST && vector <= IRQ_LAST) {
		struct handler *h =
			__atomic_load_n(&irq.first[vector - IRQ_FIRST], __ATOMIC_ACQUIRE);
		for (; h; h = h->next)
			h->fn(h->arg);
		apic_eoi();
	} else if (vector - VECTOR_TIMER < LOCAL_VECTORS && irq.local[vector - VECTOR_TIMER]) {
		apic_eoi(); // first: the handler may arm the timer again
		irq.local[vector - VECTOR_TIMER]();
	} else {
		irq.spurious++; // the APIC's own spurious vector and the 8259s' need no EOI
	}
	this_cpu_write(irq_handling, 0);
	lock_interrupt_leave();
}
