// What a program needs to start: its PT_INTERP and its shared libraries, found on this host as the
// dynamic linker of its C library (glibc or musl) would find them, all put into the tree.
// Libraries that a program opens itself while it runs (dlopen, NSS, iconv) are not known here:
// --add brings them, with what they need in turn.
#pragma once

#include "tools/ouro/tree.h"
#include "tools/ouro/vec.h"

struct needs {
	struct strvec paths; // the program, its interpreter, its libraries: as they are opened
	struct strvec names; // of the libraries: what they are asked for by
	struct strvec lib_paths;
	bool musl;                // the object being looked at is of musl
	bool any_musl, any_glibc; // dynamic objects of it are in the image
};

// Finds what the host program |path| (absolute) needs. |library_path| is the guest's
// LD_LIBRARY_PATH or NULL. Messages name the object that needs what is missing and all places
// searched. 0 or an exit status.
int needs_find(struct needs *n, const char *path, const char *library_path);
// The same for |path|, a file that was added to the image: what is no dynamic ELF file needs
// nothing, and what is missing is left out, as the program may never open the file.
void needs_find_more(struct needs *n, const char *path, const char *library_path);
// Puts what the tree does not have into it.
int needs_add_to_tree(const struct needs *n, struct tree *t);
// What the dynamic linkers look libraries up in: an ld.so.cache for glibc where the tree has none.
int needs_add_lookup(const struct needs *n, struct tree *t);
void needs_free(struct needs *n);
