# Fuzzing: tests/fuzz/fuzz_NAME.c (libFuzzer, clang), first line as for unit tests.
#   make fuzz SECONDS=60 SEED=7 [T=elf]
