// See the header. Registers: MC146818 data sheet. No state.
#include "drivers/rtc.h"

#include "kernel/base/clockmath.h"
#include "kernel/base/cpu.h"
#include "kernel/base/types.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA  0x71
#define NMI_OFF    0x80

enum {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11,
	RTC_CENTURY = 0x32
};
#define A_UPDATING 0x80
#define B_24_HOUR  0x02
#define B_BINARY   0x04
#define HOUR_PM    0x80
#define MAX_POLLS  10000u

struct rtc_time {
	uint8_t second, minute, hour, day, month, year, century;
};

static uint8_t cmos(uint8_t reg)
{
	cpu_outb(CMOS_INDEX, NMI_OFF | reg);
	return cpu_inb(CMOS_DATA);
}

static bool wait_not_updating(void)
{
	for (unsigned i = 0; i < MAX_POLLS; i++)
		if (!(cmos(RTC_A) & A_UPDATING))
			return true;
	return false;
}

static struct rtc_time read_registers(void)
{
	return (struct rtc_time){
		cmos(RTC_SECOND), cmos(RTC_MINUTE), cmos(RTC_HOUR),    cmos(RTC_DAY),
		cmos(RTC_MONTH),  cmos(RTC_YEAR),   cmos(RTC_CENTURY),
	};
}

static unsigned from_bcd(unsigned v, bool binary)
{
	return binary ? v : (v >> 4) * 10 + (v & 15);
}

static unsigned hours(uint8_t raw, uint8_t mode)
{
	unsigned h = from_bcd(raw & ~HOUR_PM, mode & B_BINARY);
	if (mode & B_24_HOUR)
		return h;
	return h % 12 + (raw & HOUR_PM ? 12 : 0);
}

uint64_t rtc_read_ns(void)
{
	struct rtc_time t;
	// An update may begin between two registers: the seconds must be the same before and after.
	do {
		if (!wait_not_updating())
			return 0;
		t = read_registers();
	} while (cmos(RTC_SECOND) != t.second);
	uint8_t mode = cmos(RTC_B);
	bool binary = mode & B_BINARY;
	unsigned century = from_bcd(t.century, binary), month = from_bcd(t.month, binary);
	unsigned day = from_bcd(t.day, binary), year = from_bcd(t.year, binary);
	if (month < 1 || month > 12 || day < 1 || day > 31 || year > 99)
		return 0;
	year += century == 19 ? 1900 : 2000; // the century register is not always there
	return NSEC_PER_SEC * clock_date_to_seconds(year, month, day, hours(t.hour, mode),
						    from_bcd(t.minute, binary),
						    from_bcd(t.second, binary));
}
