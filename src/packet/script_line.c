/*
 * Reads packet scripts: text to struct line. Every word is a row of a table; nothing here
 * knows of connections.
 */
#include "config.h"

#include "packet/script_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/craft.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"

void words_begin(struct words *w, const char *text)
{
	*w = (struct words){ .at = text, .line = 1 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_end(char c)
{
	return c == '\0' || c == '\n' || c == ';' || c == '#';
}

bool words_next(struct words *w)
{
	size_t n = 0;

	w->word[0] = '\0';
	while (is_blank(*w->at))
		w->at++;
	if (is_end(*w->at))
		return false;
	for (; !is_blank(*w->at) && !is_end(*w->at); w->at++)
		if (n + 1 < sizeof(w->word))
			w->word[n++] = *w->at;
	w->word[n] = '\0';
	return true;
}

bool words_statement(struct words *w)
{
	while (!words_next(w)) {
		if (*w->at == '#')
			w->at += strcspn(w->at, "\n");
		if (*w->at == '\0')
			return false;
		if (*w->at == '\n')
			w->line++;
		w->at++;
	}
	return true;
}

bool words_expected(const struct words *w, struct err *err, const char *what)
{
	if (w->word[0] == '\0')
		return err_set(err, "line %u: expected %s, found the end of the line", w->line, what);
	return err_set(err, "line %u: expected %s, found '%s'", w->line, what, w->word);
}

bool words_fail(const struct words *w, struct err *err, const char *text)
{
	return err_set(err, "line %u: %s", w->line, text);
}

/* Digits only, all of them, at most ten: no sign, no blank, no overflow. */
static bool parse_digits(const char *s, int64_t *out)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 10 || s[n] != '\0')
		return false;
	*out = strtoll(s, NULL, 10);
	return true;
}

bool words_number(struct words *w, int64_t *out, int64_t min, int64_t max, struct err *err)
{
	char what[64];
	int64_t n;

	if (words_next(w) && parse_digits(w->word, &n) && n >= min && n <= max) {
		*out = n;
		return true;
	}
	snprintf(what, sizeof(what), "a number from %lld to %lld", (long long)min, (long long)max);
	return words_expected(w, err, what);
}

/* "1.25": seconds with at most nine decimals. */
static bool parse_time(const char *s, int64_t *out)
{
	size_t whole = strspn(s, "0123456789"), part = 0, i;
	int64_t ns = 0;

	if (s[whole] == '.')
		part = strspn(s + whole + 1, "0123456789");
	if (whole + part == 0 || whole > 9 || part > 9 ||
		s[whole + (s[whole] == '.') + part] != '\0')
		return false;
	for (i = 0; i < 9; i++)
		ns = ns * 10 + (i < part ? s[whole + 1 + i] - '0' : 0);
	*out = strtoll(s, NULL, 10) * NS_PER_SEC + ns;
	return true;
}

bool words_endpoint(struct words *w, struct addr *addr, uint16_t *port, struct err *err)
{
	char text[sizeof(w->word)], *colon, *host = text;
	int64_t n;

	words_next(w);
	memcpy(text, w->word, sizeof(text));
	colon = strrchr(text, ':');
	if (!colon || !parse_digits(colon + 1, &n) || n > UINT16_MAX)
		return words_expected(w, err, "ADDRESS:PORT");
	*colon = '\0';
	if (text[0] == '[' && colon[-1] == ']') {
		host++;
		colon[-1] = '\0';
	} else if (strchr(text, ':')) {
		return words_expected(w, err, "[IPV6 ADDRESS]:PORT");
	}
	if (!addr_parse(host, addr))
		return words_expected(w, err, "ADDRESS:PORT");
	*port = (uint16_t)n;
	return true;
}

/* "12" and "-1" count from the ISN, "=12" does not. */
static bool read_sequence(struct words *w, struct number *out, struct err *err)
{
	const char *s;
	int64_t n;
	bool minus;

	words_next(w);
	s = w->word;
	minus = *s == '-';
	out->absolute = *s == '=';
	if (!parse_digits(s + (minus || out->absolute), &n) || n > UINT32_MAX)
		return words_expected(w, err, "a sequence number");
	out->value = (uint32_t)(minus ? -n : n);
	out->given = true;
	return true;
}

enum kind { NUMBER, SEQUENCE, SECONDS, FLAG };

#define AT(field) offsetof(struct line, field)

static const struct word {
	const char *name;
	enum kind kind;
	size_t at, at2; /* at2: of words with two numbers, else 0 */
	int64_t min, max;
} table[] = {
	{ "len", NUMBER, AT(len), 0, 0, CRAFT_PAYLOAD },
	{ "win", NUMBER, AT(win), 0, 0, UINT16_MAX },
	{ "ttl", NUMBER, AT(ttl), 0, 0, UINT8_MAX },
	{ "id", NUMBER, AT(id), 0, 0, UINT16_MAX },
	{ "res", NUMBER, AT(res), 0, 0, 15 },
	{ "isn", NUMBER, AT(isn), 0, 0, UINT32_MAX },
	{ "mss", NUMBER, AT(mss), 0, 0, UINT16_MAX },
	{ "ws", NUMBER, AT(ws), 0, 0, UINT8_MAX },
	{ "x", NUMBER, AT(times), 0, 1, 1000000 },
	{ "quote", NUMBER, AT(quote), 0, 0, 64 },
	{ "ts", NUMBER, AT(tsval), AT(tsecr), 0, UINT32_MAX },
	{ "seq", SEQUENCE, AT(seq), 0, 0, 0 },
	{ "ack", SEQUENCE, AT(ack), 0, 0, 0 },
	{ "sack", SEQUENCE, AT(sack[0]), AT(sack[1]), 0, 0 },
	{ "every", SECONDS, AT(every), 0, 0, 0 },
	{ "doubling", FLAG, AT(doubling), 0, 0, 0 },
	{ "lost", FLAG, AT(lost), 0, 0, 0 },
	{ "dropped", FLAG, AT(dropped), 0, 0, 0 },
	{ "forged", FLAG, AT(forged), 0, 0, 0 },
	{ "twice", FLAG, AT(twice), 0, 0, 0 },
	{ "bare", FLAG, AT(bare), 0, 0, 0 },
	{ "sackok", FLAG, AT(sackok), 0, 0, 0 },
	{ "mptcp", FLAG, AT(mptcp), 0, 0, 0 },
	{ "tfo", FLAG, AT(tfo), 0, 0, 0 },
};

static bool read_value(struct words *w, const struct word *word, void *field, struct err *err)
{
	int64_t *number = field;

	switch (word->kind) {
	case NUMBER:
		return words_number(w, number, word->min, word->max, err);
	case SEQUENCE:
		return read_sequence(w, field, err);
	case SECONDS:
		words_next(w);
		return parse_time(w->word, number) || words_expected(w, err, "seconds");
	case FLAG:
		*number = 1;
		return true;
	}
	return false;
}

static bool read_from(struct words *w, struct line *l, struct err *err)
{
	words_next(w);
	l->icmp_from_given = true;
	return addr_parse(w->word, &l->icmp_from) || words_expected(w, err, "an address");
}

static bool read_word(struct words *w, struct line *l, struct err *err)
{
	char *base = (char *)l;
	size_t i;

	if (l->what == LINE_ICMP && strcmp(w->word, "from") == 0)
		return read_from(w, l, err);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, w->word) == 0)
			break;
	if (i == sizeof(table) / sizeof(table[0]))
		return words_expected(w, err, "a word such as len or seq");
	if (!read_value(w, &table[i], base + table[i].at, err))
		return false;
	return !table[i].at2 || read_value(w, &table[i], base + table[i].at2, err);
}

static bool parse_flags(const char *s, uint8_t *out)
{
	static const char letters[] = "FSRPAUEC"; /* in the order of the bits */
	const char *at;

	*out = 0;
	if (strcmp(s, "-") == 0)
		return true;
	for (; *s; s++) {
		at = *s == '.' ? strchr(letters, 'A') : strchr(letters, *s);
		if (!at)
			return false;
		*out |= (uint8_t)(1u << (at - letters));
	}
	return true;
}

static bool read_icmp(struct words *w, struct line *l, struct err *err)
{
	char *slash;

	l->what = LINE_ICMP;
	words_next(w);
	slash = strchr(w->word, '/');
	if (slash)
		*slash = '\0';
	if (!slash || !parse_digits(w->word, &l->icmp_type) || l->icmp_type > 255 ||
		!parse_digits(slash + 1, &l->icmp_code) || l->icmp_code > 255) {
		if (slash)
			*slash = '/';
		return words_expected(w, err, "TYPE/CODE");
	}
	return true;
}

static bool read_what(struct words *w, struct line *l, struct err *err)
{
	if (!words_next(w))
		return words_expected(w, err, "flags");
	if (strcmp(w->word, "icmp") == 0)
		return read_icmp(w, l, err);
	if (strcmp(w->word, "again") == 0) {
		l->what = LINE_AGAIN;
		return true;
	}
	if (strcmp(w->word, "ka") == 0) {
		l->what = LINE_KEEPALIVE;
		l->flags = TCP_ACK;
		return true;
	}
	return parse_flags(w->word, &l->flags) ||
		words_expected(w, err, "flags (of SAFRPUEC, '.' or '-'), again, ka or icmp");
}

bool line_parse(struct words *w, struct line *l, struct err *err)
{
	uint8_t options[2 * CRAFT_OPTIONS];

	*l = (struct line){ .every = NS_PER_MS, .times = 1, .win = -1, .ttl = -1, .id = -1, .isn = -1,
		.mss = -1, .ws = -1, .quote = -1, .tsval = -1, .icmp_type = -1 };
	l->relative = w->word[0] == '+';
	if (!parse_time(w->word + l->relative, &l->time))
		return words_expected(w, err, "a time");
	words_next(w);
	if (strcmp(w->word, ">") != 0 && strcmp(w->word, "<") != 0)
		return words_expected(w, err, "a direction (> or <)");
	l->from = w->word[0] == '<';
	if (!read_what(w, l, err))
		return false;
	while (words_next(w))
		if (!read_word(w, l, err))
			return false;
	if (l->isn >= 0 && !(l->flags & TCP_SYN))
		return words_fail(w, err, "isn is for a SYN");
	if (line_options(l, false, 0, options) > CRAFT_OPTIONS)
		return words_fail(w, err, "more options than a header has room for");
	return true;
}

static uint8_t *put16(uint8_t *p, uint32_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

static uint8_t *option(uint8_t *p, unsigned kind, unsigned length)
{
	*p++ = (uint8_t)kind;
	*p++ = (uint8_t)length;
	return p;
}

/*
 * RFC 8684: version 1 with a SYN, a key with a SYN-ACK, MP_TCPRST with a RST, else DSS with
 * a data ACK.
 */
static uint8_t *put_mptcp(uint8_t *p, uint8_t flags)
{
	if (flags & TCP_RST)
		return put16(option(p, 30, 4), 0x8000);
	if (!(flags & TCP_SYN))
		return put32(put16(option(p, 30, 8), 0x2001), 1);
	if (!(flags & TCP_ACK))
		return put16(option(p, 30, 4), 0x0101);
	return put32(put32(put16(option(p, 30, 12), 0x0101), 0x6b6b6b6b), 0x6b6b6b6b);
}

size_t line_options(const struct line *l, bool ipv6, uint32_t peer_isn, uint8_t *out)
{
	bool default_mss = l->mss < 0 && (l->flags & TCP_SYN) && !l->bare;
	uint8_t *p = out;
	size_t i;

	if (l->mss >= 0 || default_mss)
		p = put16(option(p, 2, 4), default_mss ? (ipv6 ? 1440 : 1460) : (uint32_t)l->mss);
	if (l->sackok)
		p = option(p, 4, 2);
	if (l->tsval >= 0)
		p = put32(put32(option(p, 8, 10), (uint32_t)l->tsval), (uint32_t)l->tsecr);
	if (l->ws >= 0) {
		p = option(p, 3, 3);
		*p++ = (uint8_t)l->ws;
	}
	if (l->sack[0].given) {
		p = option(p, 5, 10);
		for (i = 0; i < 2; i++)
			p = put32(p, l->sack[i].value + (l->sack[i].absolute ? 0 : peer_isn));
	}
	if (l->mptcp)
		p = put_mptcp(p, l->flags);
	if (l->tfo) /* RFC 7413: a cookie */
		p = put32(put32(option(p, 34, 10), 0x636f6f6b), 0x69652121);
	return (size_t)(p - out);
}
