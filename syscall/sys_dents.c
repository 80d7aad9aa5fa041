// getdents and getdents64: directory entries in the program's two layouts. Owns no state.
#include <asm/errno.h>

#include "fs/dir.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

// The fixed part of both records; the name follows. struct linux_dirent64 has d_type before the
// name, struct linux_dirent in the record's last byte (Linux fs/readdir.c; not in the UAPI).
struct dirent_head {
	uint64_t ino, next_pos;
	uint16_t record_bytes;
} __packed;
#define RECORD_MAX (sizeof(struct dirent_head) + 255 + 2 + 7)

struct dents_writer {
	struct dir_emit emit;
	struct uptr to;
	uint64_t room, written;
	bool old_layout;
	int err; // why the last entry was not taken
};

static __stack_guarded bool dents_emit(struct dir_emit *e, const char *name, size_t name_bytes,
				       uint64_t ino, unsigned type, uint64_t next_pos)
{
	struct dents_writer *w = container_of(e, struct dents_writer, emit);
	size_t bytes = ALIGN_UP(sizeof(struct dirent_head) + name_bytes + 2, 8);
	struct dirent_head head = { ino, next_pos, (uint16_t)bytes };
	char record[RECORD_MAX];
	char *text = record + sizeof(head) + (w->old_layout ? 0 : 1);

	w->err = -EINVAL;
	if (bytes > w->room || bytes > sizeof(record))
		return false;
	memset(record, 0, bytes);
	memcpy(record, &head, sizeof(head));
	memcpy(text, name, name_bytes);
	record[w->old_layout ? bytes - 1 : sizeof(head)] = (char)type;
	w->err = copy_to_user(uptr_add(w->to, w->written), record, bytes);
	if (w->err)
		return false;
	w->written += bytes;
	w->room -= bytes;
	return true;
}

static int64_t dents(int fd, struct uptr buf, unsigned bytes, bool old_layout)
{
	struct dents_writer w = {
		.emit.emit = dents_emit, .to = buf, .room = bytes, .old_layout = old_layout
	};
	struct file *f = user_file(fd);
	int err;

	if (!f)
		return -EBADF;
	err = file_getdents(f, &w.emit);
	file_put(f);
	if (w.written)
		return (int64_t)w.written;
	return err ? err : w.err;
}

int64_t sys_getdents64(int fd, struct uptr buf, unsigned bytes)
{
	return dents(fd, buf, bytes, false);
}

int64_t sys_getdents(int fd, struct uptr buf, unsigned bytes)
{
	return dents(fd, buf, bytes, true);
}
