// See host_fs.h. Stands in for the layers around fs: user memory does not exist here (all transfers
// use kernel buffers), mappings neither.
#include "tests/unit/host_fs.h"
#include "fs/fasync.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/dir.h"
#include "fs/epoll.h"
#include "kernel/base/panic.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "mm/virt/vma.h"
#include "tests/unit/host_mem.h"

#define RAM_BYTES (64ull << 20)
#define IMAGE_PA  (32ull << 20)

void kmalloc_init(void);
void kva_init(void);

static struct {
	uint64_t signals;
	unsigned out_of_memory;
	char listing[65536];
} host;

// What lies above or beside fs.
void sched_point(void)
{
}
bool aspace_out_of_memory(struct aspace *as)
{
	host.out_of_memory++;
	return false;
}
void thread_send_signal(struct thread *t, int sig)
{
	host.signals |= 1ull << sig;
}
unsigned host_out_of_memory(void)
{
	unsigned n = host.out_of_memory;

	host.out_of_memory = 0;
	return n;
}

uint64_t host_signals(void)
{
	uint64_t s = host.signals;

	host.signals = 0;
	return s;
}
void epoll_forget_file(struct file *f)
{
	abort();
}

// No test asks for O_ASYNC.
int fasync_set(struct file *f, int fd, bool on)
{
	return -ENOMEM;
}

void fasync_forget(struct file *f)
{
}
void console_init(void);
void console_init(void)
{
}
void tty_init(void);
void tty_init(void)
{
}
void aspace_struct_get(struct aspace *as)
{
	abort();
}
void aspace_struct_put(struct aspace *as)
{
	abort();
}
struct vma *view_first(struct memobj *o, uint64_t first, uint64_t last)
{
	return NULL;
}
struct vma *view_next(struct vma *v, uint64_t first, uint64_t last)
{
	return NULL;
}
void vma_uncount_rss(struct aspace *as, const struct memobj *o, const struct tlb_batch *b)
{
	abort();
}

#define NO_USER_MEMORY(type, name, ...)                                                            \
	type name(__VA_ARGS__)                                                                     \
	{                                                                                          \
		abort();                                                                           \
	}
NO_USER_MEMORY(int, copy_from_user, void *d, struct uptr s, size_t n)
NO_USER_MEMORY(int, copy_to_user, struct uptr d, const void *s, size_t n)
NO_USER_MEMORY(int, user_fault_in, struct uptr p, size_t n, bool write)
NO_USER_MEMORY(size_t, user_read_partial, void *d, struct uptr s, size_t n)
NO_USER_MEMORY(size_t, user_write_partial, struct uptr d, const void *s, size_t n)
NO_USER_MEMORY(int64_t, strncpy_from_user, char *d, struct uptr s, size_t n)
NO_USER_MEMORY(size_t, user_clear_partial, struct uptr d, size_t n)
NO_USER_MEMORY(size_t, user_read_nofault, void *d, struct uptr s, size_t n)
NO_USER_MEMORY(size_t, user_write_nofault, struct uptr d, const void *s, size_t n)
NO_USER_MEMORY(size_t, user_clear_nofault, struct uptr d, size_t n)

// The builder of images: index first, data pages behind it. (Not the whole of a cpio: only what the
// kernel reads, two members and page-aligned data.)
struct builder {
	uint8_t *bytes;
	size_t used, room;
};

static size_t put(struct builder *b, const void *data, size_t n, size_t align)
{
	size_t at = (b->used + align - 1) / align * align;

	if (!b->bytes || at + n > b->room) {
		b->room = (at + n) * 2 + 65536;
		b->bytes = realloc(b->bytes, b->room);
	}
	memset(b->bytes + b->used, 0xee, at - b->used); // whatever lies between the members
	memcpy(b->bytes + at, data, n);
	b->used = at + n;
	return at;
}

// A newc header whose data starts at a multiple of |align| (the name is padded).
static void put_member(struct builder *b, const char *name, size_t data_bytes, size_t align)
{
	char header[111];
	size_t at = (b->used + 3) / 4 * 4, name_bytes = strlen(name) + 1;
	size_t data = (at + 110 + name_bytes + align - 1) / align * align;
	char *padded;

	name_bytes = data - at - 110;
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0100644, 0, 0, 1,
		 0, (unsigned)data_bytes, 0, 0, 0, 0, (unsigned)name_bytes, 0);
	put(b, header, 110, 4);
	padded = calloc(1, name_bytes);
	memcpy(padded, name, strlen(name));
	put(b, padded, name_bytes, 1);
	free(padded);
}

struct node { // of the tree being laid out
	const struct host_entry *e;
	unsigned number, parent;
	const char *name;
	uint32_t index;
};

static const char *leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static unsigned parent_of(const struct node *nodes, unsigned n, const char *path)
{
	size_t bytes = (size_t)(leaf(path) - path);

	if (!bytes)
		return 0;
	for (unsigned k = 1; k < n; k++)
		if (strlen(nodes[k].e->path) == bytes - 1 &&
		    !memcmp(nodes[k].e->path, path, bytes - 1))
			return k;
	abort(); // a parent is missing
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct node *const *)a)->name, (*(struct node *const *)b)->name);
}

static void put_data(struct builder *b, const struct host_entry *e, struct image_entry *out)
{
	uint8_t *data;
	size_t n = e->text ? strlen(e->text) : e->bytes;

	if ((e->mode & 0170000) == 0040000 || e->link_of)
		return;
	data = malloc(n + 1);
	for (size_t k = 0; k < n; k++)
		data[k] = e->text ? (uint8_t)e->text[k] : host_pattern(k);
	out->data_offset = put(b, data, n, (e->mode & 0170000) == 0100000 ? 4096 : 4);
	out->size_bytes = n;
	free(data);
}

static void build(struct builder *b, const struct host_entry *entries, unsigned n)
{
	static const struct host_entry root = { .path = "", .mode = 0040755 };
	struct node *nodes = calloc(n + 1, sizeof(*nodes)), **order = calloc(n + 1, sizeof(*order));
	struct image_entry *out = calloc(n + 1, sizeof(*out));
	struct image_index_header h = { IMAGE_INDEX_MAGIC, IMAGE_INDEX_VERSION, n + 1, 0, 0 };
	struct builder names = { 0 };
	unsigned done = 1, first = 0;
	size_t index_at;

	nodes[0] = (struct node){ &root, 0, 0, "", 0 };
	order[0] = &nodes[0];
	for (unsigned k = 0; k < n; k++)
		nodes[k + 1] =
			(struct node){ &entries[k], k + 1, parent_of(nodes, k + 1, entries[k].path),
				       leaf(entries[k].path), 0 };
	// Breadth first: the children of each entry in turn, sorted.
	for (; first < done; first++) {
		unsigned begin = done;

		for (unsigned k = 1; k <= n && (order[first]->e->mode & 0170000) == 0040000; k++)
			if (nodes[k].parent == order[first]->number)
				order[done++] = &nodes[k];
		qsort(order + begin, done - begin, sizeof(*order), by_name);
		out[first].first_child = begin;
		out[first].children = done - begin;
		for (unsigned k = begin; k < done; k++)
			out[k].parent = first;
	}
	for (unsigned k = 0; k <= n; k++)
		order[k]->index = k;
	for (unsigned k = 0; k <= n; k++) {
		const struct host_entry *e = order[k]->e;

		out[k].name_offset =
			(uint32_t)put(&names, order[k]->name, strlen(order[k]->name), 1);
		out[k].name_bytes = (uint16_t)strlen(order[k]->name);
		out[k].mode = e->mode;
		out[k].inode = (e->link_of ? nodes[e->link_of].index : k) + 1;
		out[k].mtime_s = 1000 + k;
	}
	for (unsigned k = 0; k <= n; k++)
		if (order[k]->e->link_of) {
			out[k].nlink_extra = 1;
			out[nodes[order[k]->e->link_of].index].nlink_extra = 1;
		}
	h.names_bytes = names.used;
	put_member(b, IMAGE_INDEX_NAME, sizeof(h) + (n + 1) * sizeof(*out) + names.used, 4096);
	put(b, &h, sizeof(h), 1);
	index_at = put(b, out, (n + 1) * sizeof(*out), 1);
	put(b, names.bytes ? names.bytes : (uint8_t *)"", names.used, 1);
	put_member(b, IMAGE_CONFIG_NAME, 14, 4);
	put(b, "ouro-config=1", 14, 1);
	for (unsigned k = 0; k <= n; k++)
		put_data(b, order[k]->e, &out[k]);
	for (unsigned k = 0; k <= n; k++)
		if (order[k]->e->link_of) {
			uint32_t of = nodes[order[k]->e->link_of].index;

			out[k].data_offset = out[of].data_offset;
			out[k].size_bytes = out[of].size_bytes;
		}
	memcpy(b->bytes + index_at, out, (n + 1) * sizeof(*out));
	free(names.bytes);
	free(out);
	free(order);
	free(nodes);
}

static void boot_memory(const void *image, size_t bytes)
{
	struct boot_range ram[2] = { { 0x10000, 0x90000 }, { 0x100000, RAM_BYTES - 0x100000 } };
	struct boot_range reserved[2] = { { HOST_KERNEL_PA, HOST_KERNEL_BYTES },
					  { IMAGE_PA, (bytes + 4095) / 4096 * 4096 } };

	host_mem_init(ram, 2);
	pmm_init(host_bootinfo(), reserved, bytes ? 2 : 1);
	kmalloc_init();
	kva_init();
	if (!bytes)
		return;
	ASSERT(!physmap_ensure(IMAGE_PA, bytes, false));
	for (size_t at = 0; at < bytes; at += 4096)
		memcpy(host_ram(IMAGE_PA + at), (const uint8_t *)image + at, MIN(4096, bytes - at));
}

int host_fs_boot_archive(const void *bytes, size_t n)
{
	struct thread *t;
	int err;

	boot_memory(bytes, n);
	t = thread_current();
	t->cred = cred_root();
	t->fsctx = NULL;
	err = vfs_init(n ? phys_to_virt(IMAGE_PA) : NULL, n);
	if (!err)
		t->fsctx = fs_context_create(vfs_root());
	return err;
}

void host_fs_boot(const struct host_entry *entries, unsigned n)
{
	struct builder b = { 0 };

	if (n)
		build(&b, entries, n);
	if (host_fs_boot_archive(b.bytes, b.used))
		abort();
	free(b.bytes);
}

void host_fs_down(void)
{
	if (thread_current()->fsctx)
		fs_context_put(thread_current()->fsctx);
	thread_current()->fsctx = NULL;
	host_mem_reset();
}

uint64_t host_fs_free_pages(void)
{
	struct pmm_stats s;

	(void)kmalloc_shrink(0);
	pmm_drain();
	pmm_get_stats(&s);
	return s.free_pages;
}

int host_open(const char *path, unsigned flags, struct file **out)
{
	return namei_open(vfs_root(), path, flags, 0644, LOOKUP_FOLLOW, out);
}

int host_stat(const char *path, struct kstat *out)
{
	struct path p;
	int err = namei_lookup(vfs_root(), path, 0, &p);

	if (err)
		return err;
	err = vfs_getattr(&p, out);
	path_put(&p);
	return err;
}

int64_t host_pread(struct file *f, void *buf, size_t n, uint64_t pos)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return file_pread(f, &u, pos, 0);
}

int64_t host_pwrite(struct file *f, const void *buf, size_t n, uint64_t pos)
{
	struct uio u;

	uio_init_kernel(&u, (void *)buf, n);
	return file_pwrite(f, &u, pos, 0);
}

int64_t host_read(struct file *f, void *buf, size_t n)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return file_read(f, &u, 0);
}

int64_t host_write(struct file *f, const void *buf, size_t n)
{
	struct uio u;

	uio_init_kernel(&u, (void *)buf, n);
	return file_write(f, &u, 0);
}

static bool add_name(struct dir_emit *e, const char *name, size_t n, uint64_t ino, unsigned type,
		     uint64_t next_pos)
{
	size_t len = strlen(host.listing);

	if (name[0] == '.' && (n == 1 || (n == 2 && name[1] == '.')))
		return true;
	if (len + n + 2 > sizeof(host.listing))
		return false;
	memcpy(host.listing + len, name, n);
	memcpy(host.listing + len + n, " ", 2);
	return true;
}

const char *host_list(const char *path)
{
	struct dir_emit e = { .emit = add_name };
	struct file *f;

	host.listing[0] = '\0';
	if (host_open(path, 0200000, &f)) // O_DIRECTORY
		return "(error)";
	if (file_getdents(f, &e))
		strcpy(host.listing, "(error)");
	file_put(f);
	return host.listing;
}
