// Thread records: creation, references, the list of all threads, the end of a thread.
//
// Lock: threads.lock (RANK_THREADS, interrupts off) guards the list of all threads.

#include "kernel/sched/thread.h"

#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/fpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/runqueue.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_internal.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kstack.h"

#define FPU_ALIGN      64u
#define FPU_TAIL_BYTES 4u // behind the area: FP_XSTATE_MAGIC2

static struct {
	struct spinlock lock;
	struct list_node all;
	void (*user_entry)(void);
	void (*signal_sender)(struct thread *t, int sig);
	void (*release)(struct thread *t);
} threads = { .lock = SPINLOCK_INIT(RANK_THREADS, "threads") };

static void list_all_add(struct thread *t)
{
	uint64_t irq = spin_lock_irqsave(&threads.lock);

	list_push_back(&threads.all, &t->all_node);
	spin_unlock_irqrestore(&threads.lock, irq);
}

void thread_init_boot(struct thread *t)
{
	list_init(&threads.all);
	t->refs = 1;
	sched_init_thread(t, NULL);
	t->cred = cred_get(cred_root());
	str_copy(t->comm, "idle", sizeof(t->comm));
	list_all_add(t);
}

void thread_for_each(void (*fn)(struct thread *t, void *arg), void *arg)
{
	uint64_t irq = spin_lock_irqsave(&threads.lock);
	struct thread *t;

	list_for_each (t, &threads.all, all_node)
		fn(t, arg);
	spin_unlock_irqrestore(&threads.lock, irq);
}

// What the first switch to |t| finds on its stack: where to go.
static void thread_prepare_stack(struct thread *t, uint64_t sp)
{
	uint64_t *frame = (uint64_t *)(sp & ~15ull) - 1;

	*frame = 0; // alignment: the trampoline calls with an aligned stack
	*--frame = (uint64_t)sched_thread_trampoline;
	*--frame = 0; // rbp
	t->kernel_sp = (uint64_t)frame;
}

static struct thread *thread_alloc(void (*start)(void *), void *arg)
{
	struct thread *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->kstack = kstack_alloc();
	if (!t->kstack) {
		kfree(t);
		return NULL;
	}
	t->kstack_top = (char *)t->kstack + KSTACK_BYTES;
	t->start = start;
	t->start_arg = arg;
	t->state = THREAD_SLEEPING;
	t->cpu = this_cpu_id();
	t->refs = 1;
	return t;
}

struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *arg)
{
	struct thread *t = thread_alloc(entry, arg);

	if (!t)
		return NULL;
	str_copy(t->comm, name, sizeof(t->comm));
	t->cred = cred_get(cred_root());
	sched_init_thread(t, NULL);
	thread_prepare_stack(t, (uint64_t)t->kstack_top);
	list_all_add(t);
	return t;
}

struct thread *thread_create_user(const struct pt_regs *regs, void (*start)(void *), void *arg)
{
	struct thread *t = thread_alloc(start, arg);
	uint64_t fpu;

	if (!t)
		return NULL;
	// Room for a signal frame's closing magic, so that frames are written from here.
	fpu = ((uint64_t)t->kstack_top - fpu_area_bytes() - FPU_TAIL_BYTES) &
	      ~(uint64_t)(FPU_ALIGN - 1);
	t->fpu = (void *)fpu;
	t->kstack_top = t->fpu;
	t->regs = (struct pt_regs *)t->kstack_top - 1;
	*t->regs = *regs;
	sched_init_thread(t, thread_current());
	thread_prepare_stack(t, (uint64_t)t->regs);
	list_all_add(t);
	return t;
}

void thread_get(struct thread *t)
{
	__atomic_add_fetch(&t->refs, 1, __ATOMIC_RELAXED);
}

void thread_put(struct thread *t)
{
	uint64_t irq;

	if (__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		return;
	irq = spin_lock_irqsave(&threads.lock);
	list_remove(&t->all_node);
	spin_unlock_irqrestore(&threads.lock, irq);
	if (threads.release)
		threads.release(t);
	if (t->cred)
		cred_put(t->cred);
	kstack_free(t->kstack);
	kfree(t);
}

void sched_thread_first(void)
{
	struct thread *t = thread_current();

	if (t->start)
		t->start(t->start_arg);
	if (t->regs) {
		ASSERT(threads.user_entry);
		sched_enter_user(t->regs, threads.user_entry);
	}
	thread_exit_current();
}

void thread_exit_current(void)
{
	sched_set_state(THREAD_DEAD);
	schedule();
	panic("a dead thread was scheduled");
}

void sched_set_user_entry(void (*entry)(void))
{
	threads.user_entry = entry;
}

void thread_set_release(void (*release)(struct thread *t))
{
	threads.release = release;
}

void thread_set_signal_sender(void (*send)(struct thread *t, int sig))
{
	threads.signal_sender = send;
}

void thread_send_signal(struct thread *t, int sig)
{
	if (threads.signal_sender)
		threads.signal_sender(t, sig);
}

uint64_t sched_tsc_to_ns(uint64_t tsc)
{
	uint64_t hz = clock_tsc_hz();

	return tsc / hz * NSEC_PER_SEC + tsc % hz * NSEC_PER_SEC / hz;
}

uint64_t thread_runtime_tsc(struct thread *t)
{
	uint64_t irq = cpu_irq_save(), tsc;
	struct runqueue *rq = rq_lock_of(t);

	tsc = t->runtime_tsc;
	if (rq->current == t)
		tsc += cpu_rdtsc() - t->slice_start_tsc;
	spin_unlock(&rq->lock);
	cpu_irq_restore(irq);
	return tsc;
}

uint64_t thread_runtime_ns(struct thread *t)
{
	return sched_tsc_to_ns(thread_runtime_tsc(t));
}
