/*
 * UTF-8. The hard part is to be strict (no overlong forms, no surrogates) and to never
 * read past the NUL.
 */
#include "config.h"

#include "util/utf8.h"

#include "util/str.h"

struct range {
	uint32_t from, to;
};

/* Characters that take no column: combining marks, joiners, variation selectors. Sorted. */
static const struct range narrowest[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf},
	{0x05c1, 0x05c2}, {0x05c4, 0x05c5}, {0x05c7, 0x05c7}, {0x0610, 0x061a},
	{0x064b, 0x065f}, {0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06df, 0x06e4},
	{0x06e7, 0x06e8}, {0x06ea, 0x06ed}, {0x0711, 0x0711}, {0x0730, 0x074a},
	{0x0900, 0x0902}, {0x093a, 0x093a}, {0x093c, 0x093c}, {0x0941, 0x0948},
	{0x094d, 0x094d}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e},
	{0x2060, 0x2064}, {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a},
	{0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

/* Characters that take two. Sorted. */
static const struct range widest[] = {
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec},
	{0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x2614, 0x2615}, {0x2648, 0x2653},
	{0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26c4, 0x26c5},
	{0x26d4, 0x26d4}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
	{0x274c, 0x274c}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
	{0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2e80, 0x303e}, {0x3041, 0x33ff},
	{0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xa000, 0xa4cf}, {0xa960, 0xa97f},
	{0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool in_ranges(uint32_t ch, const struct range *r, size_t n)
{
	size_t low = 0;

	while (n > low) {
		size_t mid = low + (n - low) / 2;

		if (ch > r[mid].to)
			low = mid + 1;
		else if (ch < r[mid].from)
			n = mid;
		else
			return true;
	}
	return false;
}

static unsigned lead_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if ((lead & 0xf0) == 0xe0)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

static uint32_t bad_octet(const char **s)
{
	*s += 1;
	return UTF8_REPLACEMENT;
}

uint32_t utf8_next(const char **s)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)*s;
	unsigned n = lead_length(p[0]), i;
	uint32_t ch;

	if (p[0] == 0)
		return 0;
	if (n == 0)
		return bad_octet(s);
	ch = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)	/* the NUL too */
			return bad_octet(s);
		ch = ch << 6 | (p[i] & 0x3f);
	}
	if (ch < least[n] || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff))
		return bad_octet(s);
	*s += n;
	return ch;
}

size_t utf8_encode(uint32_t ch, char out[4])
{
	if (ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff))
		ch = UTF8_REPLACEMENT;
	if (ch < 0x80) {
		out[0] = (char)ch;
		return 1;
	}
	if (ch < 0x800) {
		out[0] = (char)(0xc0 | ch >> 6);
		out[1] = (char)(0x80 | (ch & 0x3f));
		return 2;
	}
	if (ch < 0x10000) {
		out[0] = (char)(0xe0 | ch >> 12);
		out[1] = (char)(0x80 | (ch >> 6 & 0x3f));
		out[2] = (char)(0x80 | (ch & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | ch >> 18);
	out[1] = (char)(0x80 | (ch >> 12 & 0x3f));
	out[2] = (char)(0x80 | (ch >> 6 & 0x3f));
	out[3] = (char)(0x80 | (ch & 0x3f));
	return 4;
}

int utf8_char_width(uint32_t ch)
{
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0))
		return 0;
	if (ch < 0x300)
		return 1;
	if (in_ranges(ch, narrowest, sizeof narrowest / sizeof *narrowest))
		return 0;
	return in_ranges(ch, widest, sizeof widest / sizeof *widest) ? 2 : 1;
}

size_t utf8_width(const char *s)
{
	size_t width = 0;
	uint32_t ch;

	for (; *s >= 0x20 && *s < 0x7f; s++) /* nearly always all there is */
		width++;
	while ((ch = utf8_next(&s)) != 0)
		width += (size_t)utf8_char_width(ch);
	return width;
}

size_t utf8_clip(const char *s, size_t columns)
{
	const char *start = s, *fits = s;
	size_t used = 0;
	uint32_t ch;

	while ((ch = utf8_next(&s)) != 0) {
		used += (size_t)utf8_char_width(ch);
		if (used > columns)
			break;
		fits = s;
	}
	return (size_t)(fits - start);
}

void utf8_pad(struct str *out, const char *s, size_t columns, bool right_aligned)
{
	size_t octets = utf8_clip(s, columns), used = 0;
	const char *p = s;

	while ((size_t)(p - s) < octets)
		used += (size_t)utf8_char_width(utf8_next(&p));
	if (right_aligned)
		str_add_spaces(out, columns - used);
	str_add_n(out, s, octets);
	if (!right_aligned)
		str_add_spaces(out, columns - used);
}

void utf8_escape(struct str *out, const char *s, size_t n)
{
	const char *end = s + n;

	while (s < end) {
		const char *from = s;
		unsigned need = lead_length((unsigned char)*s);
		/* A character cut off by the end is not read: there need not be a NUL behind it. */
		uint32_t ch = need <= (size_t)(end - s) ? utf8_next(&s) : bad_octet(&s);
		bool bad = ch == UTF8_REPLACEMENT && s == from + 1;

		if (bad || ch < 0x20 || (ch >= 0x7f && ch < 0xa0)) {
			str_addf(out, "\\x%02x", (unsigned char)*from);
			s = from + 1;
		} else {
			str_add_n(out, from, (size_t)(s - from));
		}
	}
}
