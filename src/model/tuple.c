/* Addresses: one form for both families, text as RFC 5952 wants it. */
#include "config.h"

#include "model/tuple.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr addr_from_v4(const uint8_t b[4])
{
	struct addr a;

	memcpy(a.b, v4_prefix, sizeof(v4_prefix));
	memcpy(a.b + 12, b, 4);
	return a;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	bool a4 = addr_is_v4(a), b4 = addr_is_v4(b);

	if (a4 != b4)
		return a4 ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

static char *put_octet(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

static char *v4_text(const uint8_t b[4], char *p)
{
	for (int i = 0; i < 4; i++) {
		p = put_octet(p, b[i]);
		*p++ = i < 3 ? '.' : '\0';
	}
	return p;
}

static char *put_group(char *p, unsigned n)
{
	static const char digits[] = "0123456789abcdef";
	int shift = 12;

	while (shift > 0 && !(n >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*p++ = digits[n >> shift & 15];
	return p;
}

/*
 * RFC 5952, 4.2: the first of the longest runs of zeroes, and no run of one. Returns its length, 1:
 * there is none.
 */
static int longest_zeroes(const uint16_t group[8], int *at)
{
	int i, run, longest = 1;

	*at = -1;
	for (i = 0; i < 8; i += run ? run : 1) {
		for (run = 0; i + run < 8 && group[i + run] == 0; run++)
			;
		if (run > longest) {
			*at = i;
			longest = run;
		}
	}
	return longest;
}

char *addr_text(const struct addr *a, char buf[ADDR_TEXT])
{
	uint16_t group[8];
	int i, zeroes_at, zeroes;
	char *p = buf;

	if (addr_is_v4(a)) {
		v4_text(a->b + 12, buf);
		return buf;
	}
	for (i = 0; i < 8; i++)
		group[i] = (uint16_t)(a->b[2 * i] << 8 | a->b[2 * i + 1]);
	zeroes = longest_zeroes(group, &zeroes_at);
	for (i = 0; i < 8; i++) {
		if (i == zeroes_at) {
			*p++ = ':';
			*p++ = ':';
			i += zeroes - 1;
			continue;
		}
		if (i > 0 && (zeroes_at < 0 || i != zeroes_at + zeroes))
			*p++ = ':';
		p = put_group(p, group[i]);
	}
	*p = '\0';
	return buf;
}

bool addr_parse(const char *text, struct addr *out)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, text, v4) == 1) {
		*out = addr_from_v4(v4);
		return true;
	}
	return inet_pton(AF_INET6, text, out->b) == 1;
}

bool addr_in_net(const struct addr *a, const struct addr *net, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (bits > 128)
		return false;
	if (memcmp(a->b, net->b, whole))
		return false;
	return !rest || !((a->b[whole] ^ net->b[whole]) & (uint8_t)(0xff << (8 - rest)));
}
