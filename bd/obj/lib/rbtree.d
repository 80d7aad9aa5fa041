bd/obj/lib/rbtree.o: lib/rbtree.c lib/rbtree.h lib/compiler.h
lib/rbtree.h:
lib/compiler.h:
