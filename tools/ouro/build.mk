# What build/ouro shares with the kernel.
OURO_SHARED_C := lib/ctlframe.c
