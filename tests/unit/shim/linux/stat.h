// The UAPI header keeps its S_ names back where glibc's <sys/stat.h> could define them.
#pragma once

#pragma push_macro("__GLIBC__")
#undef __GLIBC__
#include_next <linux/stat.h>
#pragma pop_macro("__GLIBC__")
