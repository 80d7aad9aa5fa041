// Bounded formatting for the kernel's log, procfs and messages. Owns nothing, takes no locks, never
// sleeps, allocates nothing; what does not fit is counted and dropped.
#include "lib/fmt.h"
#include "lib/string.h"

#define NUMBER_CHARS 24 // 22 octal digits of 2^64 - 1, sign, spare

struct out {
	char *buf;
	size_t size;   // bytes of buf
	size_t length; // characters produced, also those that did not fit
};

// One conversion specification.
struct spec {
	bool left, zero, space, alt, plus;
	int width;
	int precision; // -1: none given
	int length;    // -2 hh, -1 h, 0 int, 1 l and z, 2 ll
	char conv;
};

static void put_char(struct out *o, char c)
{
	if (o->length < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void put_repeat(struct out *o, char c, int n)
{
	while (n-- > 0)
		put_char(o, c);
}

static void put_bytes(struct out *o, const char *s, size_t n)
{
	while (n-- > 0)
		put_char(o, *s++);
}

// Digits of |v| at the end of |digits|; returns how many (none for 0).
static int make_digits(uint64_t v, unsigned base, bool upper, char digits[NUMBER_CHARS])
{
	const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	for (; v; v /= base)
		digits[NUMBER_CHARS - ++n] = alphabet[v % base];
	return n;
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned base,
		       bool negative)
{
	char digits[NUMBER_CHARS], prefix[3];
	int n = make_digits(v, base, s->conv == 'X', digits), prefixes = 0;
	int zeros, pad;

	if (negative || s->plus || s->space)
		prefix[prefixes++] = negative ? '-' : s->plus ? '+' : ' ';
	if (s->conv == 'p' || (s->alt && base == 16 && v)) {
		prefix[prefixes++] = '0';
		prefix[prefixes++] = s->conv == 'X' ? 'X' : 'x';
	}
	zeros = MAX(0, (s->precision < 0 ? 1 : s->precision) - n);
	if (s->alt && base == 8 && zeros == 0)
		zeros = 1;
	pad = MAX(0, s->width - prefixes - zeros - n);
	if (s->zero && !s->left && s->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	put_repeat(o, ' ', s->left ? 0 : pad);
	put_bytes(o, prefix, (size_t)prefixes);
	put_repeat(o, '0', zeros);
	put_bytes(o, digits + NUMBER_CHARS - n, (size_t)n);
	put_repeat(o, ' ', s->left ? pad : 0);
}

static void put_string(struct out *o, const struct spec *s, const char *str, size_t n)
{
	int pad = s->width > (int)n ? s->width - (int)n : 0;

	put_repeat(o, ' ', s->left ? 0 : pad);
	put_bytes(o, str, n);
	put_repeat(o, ' ', s->left ? pad : 0);
}

static int64_t next_signed(const struct spec *s, va_list *ap)
{
	switch (s->length) {
	case -2:
		return (signed char)va_arg(*ap, int);
	case -1:
		return (short)va_arg(*ap, int);
	case 0:
		return va_arg(*ap, int);
	default:
		return va_arg(*ap, long long);
	}
}

static uint64_t next_unsigned(const struct spec *s, va_list *ap)
{
	switch (s->length) {
	case -2:
		return (unsigned char)va_arg(*ap, int);
	case -1:
		return (unsigned short)va_arg(*ap, int);
	case 0:
		return va_arg(*ap, unsigned);
	default:
		return va_arg(*ap, unsigned long long);
	}
}

static bool parse_flag(struct spec *s, char c)
{
	switch (c) {
	case '-':
		s->left = true;
		return true;
	case '0':
		s->zero = true;
		return true;
	case ' ':
		s->space = true;
		return true;
	case '#':
		s->alt = true;
		return true;
	case '+':
		s->plus = true;
		return true;
	default:
		return false;
	}
}

#define MAX_FIELD 65536 // no width or precision in the kernel comes near this

static int parse_number(const char **fmt, va_list *ap)
{
	int n = 0;

	if (**fmt == '*') {
		++*fmt;
		n = va_arg(*ap, int);
		return MAX(-MAX_FIELD, MIN(n, MAX_FIELD));
	}
	for (; **fmt >= '0' && **fmt <= '9'; ++*fmt)
		n = MIN(n * 10 + (**fmt - '0'), MAX_FIELD);
	return n;
}

// Parses what follows '%'; leaves *fmt behind the conversion letter (or at the terminator).
static void parse_spec(struct spec *s, const char **fmt, va_list *ap)
{
	*s = (struct spec){ .precision = -1 };
	while (parse_flag(s, **fmt))
		++*fmt;
	s->width = parse_number(fmt, ap);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (**fmt == '.') {
		++*fmt;
		s->precision = parse_number(fmt, ap);
		if (s->precision < 0)
			s->precision = -1;
	}
	for (;; ++*fmt) {
		if (**fmt == 'l')
			s->length++;
		else if (**fmt == 'h')
			s->length--;
		else if (**fmt == 'z')
			s->length = 1;
		else
			break;
	}
	s->conv = **fmt;
	if (**fmt)
		++*fmt;
}

static void put_signed(struct out *o, const struct spec *s, va_list *ap)
{
	int64_t v = next_signed(s, ap);

	put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
}

static void put_unsigned(struct out *o, struct spec *s, va_list *ap)
{
	unsigned base = s->conv == 'u' ? 10 : s->conv == 'o' ? 8 : 16;

	s->plus = s->space = false;
	put_number(o, s, next_unsigned(s, ap), base, false);
}

static void put_conversion(struct out *o, struct spec *s, va_list *ap)
{
	const char *str;
	char c;

	switch (s->conv) {
	case 'd':
	case 'i':
		put_signed(o, s, ap);
		break;
	case 'p':
		s->length = 1;
		// fall through
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(o, s, ap);
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_string(o, s, &c, 1);
		break;
	case 's':
		str = va_arg(*ap, const char *);
		if (!str)
			str = "(null)";
		put_string(o, s, str,
			   strnlen(str, s->precision < 0 ? SIZE_MAX : (size_t)s->precision));
		break;
	case '\0':
		break;
	default: // %% and what is not supported, shown as it stands
		if (s->conv != '%')
			put_char(o, '%');
		put_char(o, s->conv);
	}
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	struct spec s;
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		if (*fmt != '%') {
			put_char(&o, *fmt++);
			continue;
		}
		fmt++;
		parse_spec(&s, &fmt, &args);
		put_conversion(&o, &s, &args);
	}
	va_end(args);
	if (size > 0)
		buf[MIN(o.length, size - 1)] = '\0';
	return (int)o.length;
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
