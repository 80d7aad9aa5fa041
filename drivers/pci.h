// PCI configuration space and the scan for devices. Through ports 0xcf8/0xcfc, which every PC with
// PCI has; nothing is touched on a machine without them. One lock makes port pairs atomic.
#pragma once

#include "kernel/base/types.h"

// A function: bus << 8 | device << 3 | function.
uint8_t pci_read8(uint16_t function, unsigned offset);
uint16_t pci_read16(uint16_t function, unsigned offset);
uint32_t pci_read32(uint16_t function, unsigned offset);
void pci_write16(uint16_t function, unsigned offset, uint16_t v);
void pci_write32(uint16_t function, unsigned offset, uint32_t v);

bool pci_present(void);
// Calls |fn| for each function of all buses until it returns non-zero, and returns that (else 0).
int pci_scan(int (*fn)(void *arg, uint16_t function, uint16_t vendor, uint16_t device), void *arg);
// Offset of the first capability |id| after offset |after| (0: from the start); 0: none.
uint8_t pci_find_capability(uint16_t function, uint8_t id, uint8_t after);
// Physical address of memory BAR |bar|; 0: it is not one, or firmware did not place it.
pa_t pci_bar_pa(uint16_t function, unsigned bar);
// Lets the function answer on memory addresses and do DMA.
void pci_enable(uint16_t function);
