// The bytes of the vDSO's ELF file (kernel/proc/vdso/image.S).
#pragma once

extern const char vdso_image[], vdso_image_end[];
