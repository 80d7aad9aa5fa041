// Loading an ELF file into an address space that nobody runs in yet, so that every failure is an
// errno of execve(2).

#include <asm/errno.h>
#include <linux/mman.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "kernel/proc/exec_internal.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"

int exec_open(const struct path *at, const char *name, unsigned lookup, struct file **out)
{
	struct path cwd;
	int err;

	if (at)
		return namei_open_exec(at, name, lookup, out);
	fs_context_get_cwd(fs_context_current(), &cwd);
	err = namei_open_exec(&cwd, name, lookup, out);
	path_put(&cwd);
	return err;
}

void exec_close(struct file *f)
{
	file_allow_write(f);
	file_put(f);
}

// The whole of [offset, offset + bytes): -EIO if the file is shorter (Linux's elf_read()).
static int read_exact(struct file *f, void *buf, size_t bytes, uint64_t offset)
{
	int64_t n = file_read_kernel(f, buf, bytes, offset);

	if (n < 0)
		return (int)n;
	return (size_t)n == bytes ? 0 : -EIO;
}

int exec_binary_parse(struct exec_binary *b, const void *head, size_t n)
{
	int err = elf_parse_header(head, n, &b->header);

	if (err)
		return err;
	b->table = kmalloc(b->header.phdrs_bytes);
	if (!b->table)
		return -ENOMEM;
	if (b->header.phdrs_offset + b->header.phdrs_bytes <= n)
		memcpy(b->table, (const char *)head + b->header.phdrs_offset,
		       b->header.phdrs_bytes);
	else
		err = read_exact(b->file, b->table, b->header.phdrs_bytes, b->header.phdrs_offset);
	if (!err)
		err = elf_parse_phdrs(&b->header, b->table, USER_TOP, &b->image);
	return err == -EIO ? -ENOEXEC : err;
}

void exec_binary_release(struct exec_binary *b)
{
	kfree(b->table);
	b->table = NULL;
	if (b->file)
		exec_close(b->file);
	b->file = NULL;
}

int exec_open_interp(const struct exec_binary *b, struct exec_binary *interp)
{
	char head[EXEC_HEAD_BYTES], *name;
	int64_t n;
	int err;

	if (!b->image.interp_bytes)
		return 0;
	name = kmalloc(b->image.interp_bytes);
	if (!name)
		return -ENOMEM;
	err = read_exact(b->file, name, b->image.interp_bytes, b->image.interp_offset);
	if (!err)
		err = elf_check_interp(name, b->image.interp_bytes);
	if (!err)
		err = exec_open(NULL, name, LOOKUP_FOLLOW, &interp->file);
	kfree(name);
	if (err) {
		interp->file = NULL;
		return err;
	}
	n = file_read_kernel(interp->file, head, sizeof(head), 0);
	if (n < 0)
		return (int)n;
	err = exec_binary_parse(interp, head, (size_t)n);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

static unsigned segment_prot(const struct elf_segment *s)
{
	return (s->read ? PROT_READ : 0) | (s->write ? PROT_WRITE : 0) | (s->exec ? PROT_EXEC : 0);
}

static int map_segment(struct exec_binary *b, struct aspace *as, const struct elf_segment *s)
{
	unsigned flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
	struct mmap_source src = { 0 };
	int64_t at;
	int err;

	if (s->file_bytes) {
		err = file_mmap_source(b->file, segment_prot(s), flags, &src);
		if (err)
			return err;
		at = vm_mmap(as, s->va + b->bias, s->file_bytes, segment_prot(s), flags, &src,
			     s->file_offset);
		if (at < 0)
			return (int)at;
	}
	if (!s->bss_bytes)
		return 0;
	memset(&src, 0, sizeof(src));
	at = vm_mmap(as, s->bss_va + b->bias, s->bss_bytes,
		     PROT_READ | PROT_WRITE | (s->exec ? PROT_EXEC : 0), flags | MAP_ANONYMOUS,
		     &src, 0);
	return at < 0 ? (int)at : 0;
}

// A place for the whole image in the mmap area of |as|.
static int64_t find_place(const struct exec_binary *b, struct aspace *as)
{
	uint64_t slack = b->image.align_bytes > PAGE_SIZE ? b->image.align_bytes : 0;
	struct mmap_source none = { 0 };
	uint64_t bytes = b->image.total_bytes + slack;
	int64_t at = vm_mmap(as, 0, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, &none, 0);
	int err;

	if (at < 0)
		return at;
	err = vm_munmap(as, (uint64_t)at, bytes);
	if (err)
		return err;
	return slack ? (int64_t)ALIGN_UP((uint64_t)at, slack) : at;
}

int exec_binary_map(struct exec_binary *b, struct aspace *as, uint64_t base_va)
{
	struct elf_segment s;
	unsigned cursor = 0;
	int64_t at;
	int err = 0;

	if (!b->image.loads)
		return -EINVAL;
	if (b->header.dynamic && !base_va) {
		at = find_place(b, as);
		if (at < 0)
			return (int)at;
		base_va = (uint64_t)at + (b->image.first_va - b->image.min_va);
	}
	b->bias = elf_load_bias(&b->header, &b->image, base_va);
	while (!err && elf_next_segment(&b->header, b->table, &cursor, &s))
		err = map_segment(b, as, &s);
	return err == -EEXIST ? -ENOMEM : err;
}

int exec_binary_clear(const struct exec_binary *b)
{
	struct elf_segment s;
	unsigned cursor = 0;

	while (elf_next_segment(&b->header, b->table, &cursor, &s)) {
		if (s.zero_end_va <= s.zero_va || !s.write)
			continue;
		if (clear_user(UPTR(s.zero_va + b->bias), s.zero_end_va - s.zero_va))
			return -EFAULT;
	}
	return 0;
}
