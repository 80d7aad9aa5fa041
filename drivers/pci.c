// See pci.h. PCI Local Bus 3.0 sections 3.2.2.3 (ports) and 6 (configuration space).
#include "drivers/pci.h"

#include <linux/pci_regs.h>

#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"

#define PORT_ADDRESS   0xcf8
#define PORT_DATA      0xcfc
#define ADDRESS_ENABLE 0x80000000u
#define NO_DEVICE      0xffffu
#define MULTI_FUNCTION 0x80 // in the header type; not in Debian 12's headers
#define MAX_CAPS       48u  // more cannot fit into 192 bytes
#define MAX_DEPTH      8u   // bridges behind bridges

static struct {
	struct spinlock lock; // the address/data port pair
} pci = { .lock = SPINLOCK_INIT(RANK_DEVICE, "pci") };

static uint64_t select_dword(uint16_t function, unsigned offset)
{
	uint64_t irq = spin_lock_irqsave(&pci.lock);

	cpu_outl(PORT_ADDRESS, ADDRESS_ENABLE | (uint32_t)function << 8 | (offset & 0xfc));
	return irq;
}

uint32_t pci_read32(uint16_t function, unsigned offset)
{
	uint64_t irq = select_dword(function, offset);
	uint32_t v = cpu_inl(PORT_DATA);

	spin_unlock_irqrestore(&pci.lock, irq);
	return v;
}

uint16_t pci_read16(uint16_t function, unsigned offset)
{
	return (uint16_t)(pci_read32(function, offset) >> (offset & 2) * 8);
}

uint8_t pci_read8(uint16_t function, unsigned offset)
{
	return (uint8_t)(pci_read32(function, offset) >> (offset & 3) * 8);
}

void pci_write32(uint16_t function, unsigned offset, uint32_t v)
{
	uint64_t irq = select_dword(function, offset);

	cpu_outl(PORT_DATA, v);
	spin_unlock_irqrestore(&pci.lock, irq);
}

void pci_write16(uint16_t function, unsigned offset, uint16_t v)
{
	uint64_t irq = select_dword(function, offset);

	cpu_outw((uint16_t)(PORT_DATA + (offset & 2)), v);
	spin_unlock_irqrestore(&pci.lock, irq);
}

bool pci_present(void)
{
	uint32_t back;
	uint64_t irq = spin_lock_irqsave(&pci.lock);

	cpu_outl(PORT_ADDRESS, ADDRESS_ENABLE);
	back = cpu_inl(PORT_ADDRESS);
	spin_unlock_irqrestore(&pci.lock, irq);
	return back == ADDRESS_ENABLE;
}

struct scan {
	int (*fn)(void *arg, uint16_t function, uint16_t vendor, uint16_t device);
	void *arg;
};

static int scan_bus(const struct scan *s, unsigned bus, unsigned depth);

static int scan_function(const struct scan *s, uint16_t function, uint32_t id, unsigned depth)
{
	int r = s->fn(s->arg, function, (uint16_t)id, (uint16_t)(id >> 16));
	uint8_t type = pci_read8(function, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK;
	unsigned behind;

	if (r || type != PCI_HEADER_TYPE_BRIDGE || depth == 0)
		return r;
	behind = pci_read8(function, PCI_SECONDARY_BUS);
	// Bus numbers grow away from the root: a bridge that points back is broken.
	return behind > (unsigned)(function >> 8) ? scan_bus(s, behind, depth - 1) : 0;
}

static int scan_device(const struct scan *s, uint16_t first, unsigned depth)
{
	uint32_t id = pci_read32(first, PCI_VENDOR_ID);
	bool many;
	int r;

	if ((id & NO_DEVICE) == NO_DEVICE)
		return 0;
	many = pci_read8(first, PCI_HEADER_TYPE) & MULTI_FUNCTION;
	r = scan_function(s, first, id, depth);
	for (unsigned f = 1; f < 8 && many && r == 0; f++) {
		id = pci_read32((uint16_t)(first | f), PCI_VENDOR_ID);
		if ((id & NO_DEVICE) != NO_DEVICE)
			r = scan_function(s, (uint16_t)(first | f), id, depth);
	}
	return r;
}

static int scan_bus(const struct scan *s, unsigned bus, unsigned depth)
{
	int r = 0;

	for (unsigned device = 0; device < 32 && r == 0; device++)
		r = scan_device(s, (uint16_t)(bus << 8 | device << 3), depth);
	return r;
}

int pci_scan(int (*fn)(void *arg, uint16_t function, uint16_t vendor, uint16_t device), void *arg)
{
	struct scan s = { fn, arg };

	return pci_present() ? scan_bus(&s, 0, MAX_DEPTH) : 0;
}

uint8_t pci_find_capability(uint16_t function, uint8_t id, uint8_t after)
{
	uint8_t at;

	if (!(pci_read16(function, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = pci_read8(function, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST);
	for (unsigned i = 0; i < MAX_CAPS; i++) {
		at &= 0xfc;
		if (at < PCI_STD_HEADER_SIZEOF)
			return 0;
		if (pci_read8(function, at) == id)
			return at;
		at = pci_read8(function, at + PCI_CAP_LIST_NEXT);
	}
	return 0;
}

pa_t pci_bar_pa(uint16_t function, unsigned bar)
{
	unsigned offset = PCI_BASE_ADDRESS_0 + bar * 4;
	uint32_t low = pci_read32(function, offset);
	pa_t pa = low & PCI_BASE_ADDRESS_MEM_MASK;

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return 0;
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 && bar < 5)
		pa |= (pa_t)pci_read32(function, offset + 4) << 32;
	return pa;
}

void pci_enable(uint16_t function)
{
	uint16_t command = pci_read16(function, PCI_COMMAND);

	pci_write16(function, PCI_COMMAND, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}
