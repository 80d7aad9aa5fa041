bd/obj/lib/ctlframe.o: lib/ctlframe.c lib/ctlframe.h lib/compiler.h \
 lib/ctlproto.h lib/string.h
lib/ctlframe.h:
lib/compiler.h:
lib/ctlproto.h:
lib/string.h:
