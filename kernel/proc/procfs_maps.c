// /proc/PID/maps, smaps and statm, in the formats of Linux 6.18 (fs/proc/task_mmu.c).

#include <asm/errno.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "kernel/proc/procfs_internal.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/mapper.h"
#include "mm/phys/page.h"
#include "mm/virt/aspace.h"

#define NAME_COLUMN 73u
#define NAME_BYTES  4096u
#define PAGE_KIB    (PAGE_SIZE / 1024)

static struct file *vma_file(const struct vma *v)
{
	return v->owner_ops && v->owner_ops->file ? v->owner_ops->file(v->owner) : v->owner;
}

static void show_vma(struct seq *out, const struct vma *v, char *buf)
{
	struct file *f = vma_file(v);
	const char *name = vma_special_name(v);
	uint64_t dev = f && f->inode ? f->inode->sb->dev : 0;
	size_t start = out->len;

	seq_printf(out, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
		   (unsigned long long)v->start, (unsigned long long)v->end,
		   v->flags & VMA_READ ? 'r' : '-', v->flags & VMA_WRITE ? 'w' : '-',
		   v->flags & VMA_EXEC ? 'x' : '-', v->flags & VMA_SHARED ? 's' : 'p',
		   (unsigned long long)(f || v->obj ? v->pgoff << PAGE_SHIFT : 0), kdev_major(dev),
		   kdev_minor(dev), (unsigned long long)(f && f->inode ? f->inode->ino : 0));
	if (!name && f)
		name = file_name(f, buf, NAME_BYTES);
	if (name || v->anon_name) {
		while (!out->oom && out->len - start < NAME_COLUMN)
			seq_write(out, " ", 1);
		if (name)
			seq_escaped(out, name, "\n");
		else
			seq_printf(out, "[anon:%s]", v->anon_name);
	}
	seq_write(out, "\n", 1);
}

// Calls |show| for each mapping of the process.
static int for_each_vma(const struct pseudo_ref *r, struct seq *out,
			void (*show)(struct seq *out, const struct vma *v, char *buf))
{
	struct aspace *as = procfs_aspace(r);
	char *buf;

	if (!as)
		return 0; // a kernel thread or a zombie has no mappings
	buf = kmalloc(NAME_BYTES);
	if (buf) {
		rwsem_read_lock(&as->lock);
		for (struct vma *v = aspace_first_vma(as); v; v = aspace_next_vma(v))
			show(out, v, buf);
		rwsem_read_unlock(&as->lock);
	}
	kfree(buf);
	aspace_put(as);
	return buf ? 0 : -ENOMEM;
}

int procfs_show_maps(const struct pseudo_ref *r, struct seq *out)
{
	return for_each_vma(r, out, show_vma);
}

struct vma_pages {
	uint64_t rss, shared, clean_private, dirty_private, clean_shared, dirty_shared, referenced,
		anonymous, pss, anon_huge, object_huge, lazy;
};

static int count_entry(void *arg, va_t va, const struct pt_entry *e)
{
	struct vma_pages *n = arg;
	uint64_t pages = 1ull << e->order;
	const struct page *p = pa_to_page(e->pa);
	bool dirty = e->prot & PT_DIRTY, mine;

	if (e->prot & PT_SPECIAL)
		return 0; // the zero page, a guard
	n->lazy += e->lazy ? pages : 0;
	n->rss += pages;
	if (e->order)
		*(p->owner ? &n->object_huge : &n->anon_huge) += pages;
	if (e->prot & PT_ACCESSED)
		n->referenced += pages;
	if (!p->owner)
		n->anonymous += pages;
	// The object holds one reference, each entry that shows the page another.
	mine = READ_ONCE(p->count) <= (p->owner ? 2u : 1u);
	n->pss +=
		mine ? pages * PAGE_KIB : pages * PAGE_KIB / MAX(1u, p->count - (p->owner != NULL));
	if (mine)
		*(dirty ? &n->dirty_private : &n->clean_private) += pages;
	else
		*(dirty ? &n->dirty_shared : &n->clean_shared) += pages;
	return 0;
}

static void smaps_row(struct seq *out, const char *name, uint64_t kib)
{
	seq_printf(out, "%-15s %8llu kB\n", name, (unsigned long long)kib);
}

// In the order of Linux's bits. Linux calls shared (sh) what also may be written.
static const struct flag_row {
	unsigned flags;
	char name[3];
} flag_rows[] = {
	{ VMA_READ, "rd" },        { VMA_WRITE, "wr" },
	{ VMA_EXEC, "ex" },        { VMA_SHARED | VMA_MAYWRITE, "sh" },
	{ VMA_MAYREAD, "mr" },     { VMA_MAYWRITE, "mw" },
	{ VMA_MAYEXEC, "me" },     { VMA_SHARED, "ms" },
	{ VMA_GROWSDOWN, "gd" },   { VMA_LOCKED, "lo" },
	{ VMA_SEQ_READ, "sr" },    { VMA_RAND_READ, "rr" },
	{ VMA_DONTFORK, "dc" },    { VMA_DONTEXPAND, "de" },
	{ VMA_LOCKONFAULT, "lf" }, { VMA_ACCOUNT, "ac" },
	{ VMA_NORESERVE, "nr" },   { VMA_HUGETLB, "ht" },
	{ VMA_SYNC, "sf" },        { VMA_WIPEONFORK, "wf" },
	{ VMA_DONTDUMP, "dd" },    { VMA_HUGEPAGE, "hg" },
	{ VMA_NOHUGEPAGE, "nh" },  { VMA_MERGEABLE, "mg" },
};

static bool may_be_huge(const struct vma *v)
{
	return (v->flags & (VMA_HUGEPAGE | VMA_HUGETLB)) == VMA_HUGEPAGE &&
	       ALIGN_UP(v->start, HUGE_SIZE) + HUGE_SIZE <= v->end;
}

static void show_smaps_vma(struct seq *out, const struct vma *v, char *buf)
{
	const bool hugetlb = v->flags & VMA_HUGETLB;
	struct vma_pages n = { 0 };

	show_vma(out, v, buf);
	(void)pt_walk(&v->aspace->pt, v->start, v->end, count_entry, &n);
	if (hugetlb) { // counted apart
		n = (struct vma_pages){ .object_huge = n.rss };
	}
	smaps_row(out, "Size:", (v->end - v->start) / 1024);
	smaps_row(out, "KernelPageSize:", hugetlb ? HUGE_SIZE / 1024 : PAGE_KIB);
	smaps_row(out, "MMUPageSize:", hugetlb ? HUGE_SIZE / 1024 : PAGE_KIB);
	smaps_row(out, "Rss:", n.rss * PAGE_KIB);
	smaps_row(out, "Pss:", n.pss);
	smaps_row(out, "Pss_Dirty:", n.dirty_private * PAGE_KIB);
	smaps_row(out, "Shared_Clean:", n.clean_shared * PAGE_KIB);
	smaps_row(out, "Shared_Dirty:", n.dirty_shared * PAGE_KIB);
	smaps_row(out, "Private_Clean:", n.clean_private * PAGE_KIB);
	smaps_row(out, "Private_Dirty:", n.dirty_private * PAGE_KIB);
	smaps_row(out, "Referenced:", n.referenced * PAGE_KIB);
	smaps_row(out, "Anonymous:", n.anonymous * PAGE_KIB);
	smaps_row(out, "KSM:", 0);
	smaps_row(out, "LazyFree:", n.lazy * PAGE_KIB);
	smaps_row(out, "AnonHugePages:", n.anon_huge * PAGE_KIB);
	smaps_row(out, "ShmemPmdMapped:", hugetlb ? 0 : n.object_huge * PAGE_KIB);
	smaps_row(out, "FilePmdMapped:", 0);
	smaps_row(out, "Shared_Hugetlb:", 0);
	smaps_row(out, "Private_Hugetlb:", hugetlb ? n.object_huge * PAGE_KIB : 0);
	smaps_row(out, "Swap:", 0);
	smaps_row(out, "SwapPss:", 0);
	smaps_row(out, "Locked:", v->flags & VMA_LOCKED ? n.pss : 0);
	seq_printf(out, "THPeligible:    %8d\n", may_be_huge(v));
	seq_printf(out, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++)
		if ((v->flags & flag_rows[i].flags) == flag_rows[i].flags)
			seq_printf(out, "%s ", flag_rows[i].name);
	seq_write(out, "\n", 1);
}

int procfs_show_smaps(const struct pseudo_ref *r, struct seq *out)
{
	return for_each_vma(r, out, show_smaps_vma);
}

int procfs_show_statm(const struct pseudo_ref *r, struct seq *out)
{
	struct aspace *as = procfs_aspace(r);
	uint64_t text;

	if (!as) {
		seq_printf(out, "0 0 0 0 0 0 0\n");
		return 0;
	}
	text = (ALIGN_UP(as->code_end, PAGE_SIZE) - ALIGN_DOWN(as->code_start, PAGE_SIZE)) >>
	       PAGE_SHIFT;
	seq_printf(out, "%llu %llu %llu %llu 0 %llu 0\n", (unsigned long long)as->total_pages,
		   (unsigned long long)(as->rss_anon + as->rss_file + as->rss_shmem),
		   (unsigned long long)(as->rss_file + as->rss_shmem), (unsigned long long)text,
		   (unsigned long long)(as->data_pages + as->stack_pages));
	aspace_put(as);
	return 0;
}
