// See the header. IA-PC HPET specification 1.0a section 2.3; ACPI 6.4, 4.8.2.1.
#include "drivers/clockref.h"

#include "drivers/acpi.h"
#include "kernel/base/cpu.h"
#include "mm/phys/physmap.h"

#define HPET_CAPABILITIES 0x000
#define HPET_CONFIG       0x010
#define HPET_COUNTER      0x0f0
#define CONFIG_ENABLE     1u
#define FS_PER_SECOND     1000000000000000ull
#define MAX_PERIOD_FS     100000000u
#define PM_TIMER_HZ       3579545ull

// Set once, before the first read.
static struct {
	volatile uint32_t *hpet;
	uint16_t pm_port;
} clockref;

static uint64_t read_hpet(void)
{
	return clockref.hpet[HPET_COUNTER / 4]; // the low half is atomic on every bus
}

static uint64_t read_pm_timer(void)
{
	return cpu_inl(clockref.pm_port);
}

static bool use_hpet(uint64_t pa, struct clock_reference *out)
{
	if (!pa || physmap_ensure(pa, PAGE_SIZE, true) != 0)
		return false;
	clockref.hpet = phys_to_virt(pa);
	uint32_t period_fs = clockref.hpet[HPET_CAPABILITIES / 4 + 1];
	if (period_fs == 0 || period_fs > MAX_PERIOD_FS)
		return false;
	clockref.hpet[HPET_CONFIG / 4] |= CONFIG_ENABLE;
	*out = (struct clock_reference){ "hpet", FS_PER_SECOND / period_fs, read_hpet, UINT32_MAX };
	return true;
}

bool clockref_find(struct clock_reference *out)
{
	const struct acpi_info *a = acpi_get();
	if (!a)
		return false;
	if (use_hpet(a->hpet_pa, out))
		return true;
	if (!a->pm_timer_port)
		return false;
	clockref.pm_port = a->pm_timer_port;
	*out = (struct clock_reference){ "pm timer", PM_TIMER_HZ, read_pm_timer,
					 a->pm_timer_32bit ? UINT32_MAX : 0xffffff };
	return true;
}
