/*
 * Why we say so: what was seen, which rule decided, what is missing, how sure that makes
 * it.
 */
#include "config.h"

#include "model/rule.h"
#include "query/query.h"
#include "query/words.h"
#include "util/clock.h"
#include "util/fmt.h"

/* RFC 792, 1122, 1812. */
static const char *const icmp4_codes[16] = {
	"network unreachable", "host unreachable", "protocol unreachable", "port unreachable",
	"packet too big", "source route failed", "network unknown", "host unknown", "host isolated",
	"network prohibited", "host prohibited", "network unreachable for this service",
	"host unreachable for this service", "administratively prohibited", "precedence violation",
	"precedence cut off",
};

/* RFC 4443. */
static const char *const icmp6_codes[7] = {
	"no route", "administratively prohibited", "beyond scope", "address unreachable",
	"port unreachable", "source address failed policy", "route rejects",
};

void words_icmp(const struct connection *c, struct str *out)
{
	bool v4 = addr_is_v4(&c->icmp_from);

	if (v4 && c->icmp_type == 3 && c->icmp_code < 16)
		str_addf(out, " (%s)", icmp4_codes[c->icmp_code]);
	else if (!v4 && c->icmp_type == 1 && c->icmp_code < 7)
		str_addf(out, " (%s)", icmp6_codes[c->icmp_code]);
}

static bool has(const struct connection *c, uint64_t bits)
{
	return (c->evidence & bits) != 0;
}

/* The ending may be another than the rule's: a capture of one direction makes some unknown. */
static void add_rule(const struct connection *c, struct str *out)
{
	struct str words = STR_INIT;

	if (c->ending == ENDING_NONE) {
		str_add(out, "open: no ending yet\n");
		return;
	}
	rule_words_of_row(c->rule, (enum ending)c->ending, &words);
	if (words.len)
		str_addf(out, "rule %u, %s: %s\n", c->rule, ending_info[c->ending].name, words.s);
	else if (c->rule)
		str_addf(out, "rule %u: %s\n", c->rule, ending_info[c->ending].name);
	else
		str_addf(out, "ending: %s\n", ending_info[c->ending].name);
	str_free(&words);
}

/* Evidence that has a number says it. */
static void add_evidence_number(const struct connection *c, enum evidence e, struct str *out)
{
	char buf[FMT_TEXT], text[ADDR_TEXT];

	if (e == EVIDENCE_RST_OTHER_TTL && c->ttl_delta)
		str_addf(out, ": %+d hop%s", c->ttl_delta,
			c->ttl_delta == 1 || c->ttl_delta == -1 ? "" : "s");
	else if (e == EVIDENCE_IDLE && c->idle_ns >= 0)
		str_addf(out, ": %s", fmt_duration(buf, c->idle_ns));
	else if (e == EVIDENCE_SYN_REPEATED)
		str_addf(out, ": %u in all", c->side[CLIENT].syn);
	else if (e == EVIDENCE_RST_REPEATED)
		str_addf(out, ": %llu in all",
			(unsigned long long)c->side[CLIENT].rst + c->side[SERVER].rst);
	else if (e == EVIDENCE_UNANSWERED_RETR || e == EVIDENCE_UNANSWERED_PROBES)
		str_addf(out, ": %u by the client, %u by the server", c->side[CLIENT].tail,
			c->side[SERVER].tail);
	else if (e == EVIDENCE_ICMP) {
		str_addf(out, ": %u/%u", c->icmp_type, c->icmp_code);
		words_icmp(c, out);
		str_addf(out, " from %s", addr_text(&c->icmp_from, text));
	}
}

static void add_evidence(const struct connection *c, struct str *out)
{
	int e;

	for (e = 0; e < EVIDENCE_COUNT; e++) {
		if (!(c->evidence >> e & 1))
			continue;
		if (e == EVIDENCE_RST_IGNORED && (c->attributes & ATTRIBUTE_BIT(RST_IGNORED)))
			continue; /* the attribute has the numbers */
		str_addf(out, "seen: %s", evidence_info[e].words);
		add_evidence_number(c, (enum evidence)e, out);
		str_add_char(out, '\n');
	}
}

/* Evidence that says the same already. */
static bool is_said(const struct connection *c, enum attribute a)
{
	static const struct {
		enum attribute attribute;
		uint64_t evidence;
	} twins[] = {
		{ATTRIBUTE_FIRST_FIN_BOTH, EVIDENCE_BIT(FIN_CROSSED)},
		{ATTRIBUTE_RST_AFTER_CLOSE, EVIDENCE_BIT(RST_AFTER_CLOSE)},
		{ATTRIBUTE_PAYLOAD_IN_RST, EVIDENCE_BIT(RST_PAYLOAD)},
		{ATTRIBUTE_IDLE, EVIDENCE_BIT(IDLE)},
		{ATTRIBUTE_ICMP, EVIDENCE_BIT(ICMP)},
		{ATTRIBUTE_ONE_WAY, EVIDENCE_BIT(ONE_WAY)},
		{ATTRIBUTE_IMPLIED_FIN, EVIDENCE_BIT(FIN_IMPLIED)},
		{ATTRIBUTE_BY_CLIENT, EVIDENCE_BIT(RST_CLIENT)},
		{ATTRIBUTE_BY_SERVER, EVIDENCE_BIT(RST_SERVER)},
	};
	size_t i;

	for (i = 0; i < sizeof(twins) / sizeof(*twins); i++)
		if (twins[i].attribute == a)
			return has(c, twins[i].evidence);
	return false;
}

/* ": 3 by the client, 1 by the server", leaving out who did not. */
static void add_by_side(struct str *out, uint32_t client, uint32_t server)
{
	const char *link = ": ";

	if (client) {
		str_addf(out, "%s%u by the client", link, client);
		link = ", ";
	}
	if (server)
		str_addf(out, "%s%u by the server", link, server);
}

static void add_attribute(const struct connection *c, enum attribute a, struct str *out)
{
	const struct side *clt = &c->side[CLIENT], *srv = &c->side[SERVER];
	char buf[FMT_TEXT];

	if (a == ATTRIBUTE_IDLE && c->idle_ns >= 0) {
		str_addf(out, "also: %s of silence before it\n", fmt_duration(buf, c->idle_ns));
		return;
	}
	str_addf(out, "also: %s", attribute_info[a].words);
	if (a == ATTRIBUTE_RETRANSMISSIONS)
		add_by_side(out, clt->retr, srv->retr);
	else if (a == ATTRIBUTE_ZERO_WINDOW)
		add_by_side(out, clt->zwin, srv->zwin);
	else if (a == ATTRIBUTE_RST_IGNORED)
		add_by_side(out, clt->rst_ignored, srv->rst_ignored);
	str_add_char(out, '\n');
}

static void add_attributes(const struct connection *c, struct str *out)
{
	int a;

	for (a = 0; a < ATTRIBUTE_COUNT; a++)
		if ((c->attributes >> a & 1) && !is_said(c, (enum attribute)a))
			add_attribute(c, (enum attribute)a, out);
}

static const struct gap {
	uint64_t bit;
	const char *words;
} gaps[] = {
	{EVIDENCE_BIT(MIDSTREAM), "the beginning: the capture started later"},
	{EVIDENCE_BIT(ONE_WAY), "the other direction: the capture does not see it"},
	{EVIDENCE_BIT(GAP), "packets of this connection: octets were acknowledged that the capture never saw"},
	{EVIDENCE_BIT(CAPTURE_LOSS), "packets that the capture dropped"},
	{EVIDENCE_BIT(FIN_IMPLIED), "a FIN: only its acknowledgement was seen"},
	{EVIDENCE_BIT(RST_UNCHECKED), "what the RST's sequence number could be checked against"},
	{EVIDENCE_BIT(ROLE_GUESSED), "the SYN: who is the client had to be guessed"},
	{EVIDENCE_BIT(INPUT_ENDED), "what came after the end of the input"},
	{EVIDENCE_BIT(EVICTED), "what came later: it was judged early, the table was full"},
};

static void add_missing(const struct connection *c, struct str *out)
{
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		if (!has(c, gaps[i].bit))
			continue;
		str_addf(out, "missing: %s\n", gaps[i].words);
		any = true;
	}
	if (any)
		return;
	if (has(c, EVIDENCE_BIT(HANDSHAKE)))
		str_add(out, "missing: nothing; both directions were captured from the SYN on\n");
	else if (c->origin == ORIGIN_ATTEMPT)
		str_add(out, "missing: nothing; it was captured from the SYN on\n");
}

/* The first thing that keeps it from being surer. */
static const char *doubt(const struct connection *c)
{
	size_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(*gaps); i++)
		if (has(c, gaps[i].bit))
			return gaps[i].words;
	if (has(c, EVIDENCE_BIT(TIMEOUT)))
		return "nothing but silence tells of it";
	if (has(c, EVIDENCE_BIT(RST_IN_WINDOW)))
		return "the RST's sequence number is not exactly the expected one";
	if (has(c, EVIDENCE_BIT(RST_OTHER_TTL)))
		return "the hop distance differs by little";
	if (has(c, EVIDENCE_BIT(RST_PASSIVE)))
		return "a reset without ACK can come from a device on the path as well";
	return "other causes would look the same";
}

static void add_confidence(const struct connection *c, struct str *out)
{
	const char *sure = confidence_name((enum confidence)c->confidence);

	if (c->confidence == CONFIDENCE_HIGH)
		str_addf(out, "confidence %s: %s\n", sure,
			c->rst_side <= SERVER && has(c, EVIDENCE_BIT(RST_EXACT))
				? "the RST is exactly the one the receiver had to accept"
				: "the packets that decide it were all seen");
	else if (c->confidence != CONFIDENCE_NONE)
		str_addf(out, "confidence %s: %s\n", sure, doubt(c));
}

void connection_reasons(const struct connection *c, struct str *out)
{
	add_rule(c, out);
	add_evidence(c, out);
	add_attributes(c, out);
	add_missing(c, out);
	add_confidence(c, out);
}
