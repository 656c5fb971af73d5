/* The words of a packet script, and the line that describes packets. */
#ifndef TCPTOP_PACKET_SCRIPT_LINE_H
#define TCPTOP_PACKET_SCRIPT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/tuple.h"

#define SCRIPT_TIME_MAX INT64_C(4000000000000000000) /* ns a script may last */

struct err;

/*
 * Statements of a text, and the words of one. `word` is the one read last, cut when it is
 * long.
 */
struct words {
	const char *at;
	unsigned line; /* from 1 */
	char word[80];
};

void words_begin(struct words *w, const char *text);
/* Goes to the next statement and reads its first word. False at the end of the text. */
bool words_statement(struct words *w);
/* Reads the next word of the statement. False, and the word empty, when there is none. */
bool words_next(struct words *w);

/* "line 3: expected WHAT, found 'word'". Both return false. */
bool words_expected(const struct words *w, struct err *err, const char *what);
/* "line 3: TEXT" */
bool words_fail(const struct words *w, struct err *err, const char *text);

/* Each reads the next word. */
bool words_number(struct words *w, int64_t *out, int64_t min, int64_t max, struct err *err);
bool words_endpoint(struct words *w, struct addr *addr, uint16_t *port, struct err *err);

enum line_what { LINE_FLAGS, LINE_AGAIN, LINE_KEEPALIVE, LINE_ICMP };

struct number {
	uint32_t value;
	bool given, absolute;
};

struct line { /* numbers that were not given are -1, but for those with another default */
	int64_t time, every;
	bool relative;
	unsigned from; /* 0 the client sends, 1 the server */
	enum line_what what;
	uint8_t flags;
	struct number seq, ack, sack[2];
	int64_t len, times, res; /* 0, 1, 0 */
	int64_t win, ttl, id, isn, mss, ws, quote, tsval, tsecr;
	int64_t lost, dropped, forged, twice, bare, doubling, sackok, mptcp, tfo; /* 0 or 1 */
	int64_t icmp_type, icmp_code;
	struct addr icmp_from;
	bool icmp_from_given;
};

/* Reads the line whose first word was read. */
bool line_parse(struct words *w, struct line *l, struct err *err);
/*
 * Writes the TCP options it asks for, at most CRAFT_OPTIONS octets, which line_parse() has
 * checked; returns how many.
 */
size_t line_options(const struct line *l, bool ipv6, uint32_t peer_isn, uint8_t *out);

#endif
