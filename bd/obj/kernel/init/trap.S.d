bd/obj/kernel/init/trap.S.o: kernel/init/trap.S kernel/base/desc.h \
 kernel/base/smap.h kernel/init/regs_offsets.h \
 bd/gen/kernel/init/offsets.h
kernel/base/desc.h:
kernel/base/smap.h:
kernel/init/regs_offsets.h:
bd/gen/kernel/init/offsets.h:
