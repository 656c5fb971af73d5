/*
 * Packet scripts. A connection is two ends that remember what they sent and what the other
 * has of it; a line becomes a segment by filling in what it does not say. What is hard is
 * saying what a real stack would say.
 */
#include "config.h"

#include "packet/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/craft.h"
#include "packet/pkt.h"
#include "packet/script_line.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define SENT_MAX 128		   /* octets of a packet that an ICMP error may quote */
#define BYTES_MAX ((size_t)1 << 28) /* of all frames: a wrong script does not eat the machine */
#define CONN_NAME 32

enum { DLT_ETHERNET = 1, DLT_RAW_IP = 12 };

struct end {
	struct addr addr;
	uint16_t port, id;
	uint8_t ttl;
	bool spoke;    /* since its ISN was set */
	bool renew;    /* its next SYN has a new ISN */
	bool had_ack;  /* its last segment */
	bool can_again;
	uint32_t isn, next, heard; /* heard: what the peer has, next for the peer's ack */
	uint32_t last_ack;
	struct craft_tcp last; /* that took up sequence space */
	uint8_t sent[SENT_MAX]; /* its last packet from the IP header on */
	size_t nsent;
};

struct conn {
	char name[CONN_NAME];
	struct end end[2];
	uint16_t vlan;
};

struct entry {
	struct script_frame f;
	size_t offset, order;
};

struct script {
	struct entry *entry;
	uint8_t *bytes;
	size_t n, room, nbytes, bytes_room;
	bool raw, unsorted;
};

struct parse {
	struct script *s;
	struct conn *conn; /* all of them */
	size_t nconn, current;
	size_t snap;
	int64_t base, now; /* now: of the last packet, from the script's start */
	struct words w;
	struct err *err;
	uint8_t frame[CRAFT_MAX];
};

static bool after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/* The next octet it would send, and the next its peer waits for. */
static uint32_t next_of(const struct end *e)
{
	return e->spoke ? e->next : e->isn + 1;
}

static uint32_t heard_of(const struct end *e)
{
	return e->spoke ? e->heard : e->isn + 1;
}

static void end_restart(struct end *e, uint32_t isn)
{
	e->isn = e->next = e->heard = isn;
	e->spoke = e->renew = e->had_ack = false;
}

static struct conn *conn_add(struct parse *p, const char *name)
{
	uint32_t k = (uint32_t)p->nconn;
	struct conn *c;

	p->conn = mem_grow(p->conn, p->nconn + 1, sizeof(*p->conn));
	c = &p->conn[p->nconn];
	if (p->nconn) {
		*c = p->conn[p->current];
		c->end[0].can_again = c->end[1].can_again = false;
		c->end[0].nsent = c->end[1].nsent = 0;
	} else {
		memset(c, 0, sizeof(*c));
	}
	snprintf(c->name, sizeof(c->name), "%s", name);
	end_restart(&c->end[0], 1000000000 + k * 10000000);
	end_restart(&c->end[1], 2000000000 + k * 10000000);
	p->current = p->nconn++;
	return c;
}

static void frame_add(struct parse *p, int64_t ts, size_t n)
{
	struct script *s = p->s;
	size_t captured = n < p->snap ? n : p->snap;
	struct entry *e;

	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->entry = mem_grow(s->entry, s->room, sizeof(*s->entry));
	}
	while (s->nbytes + captured > s->bytes_room) {
		s->bytes_room = s->bytes_room ? 2 * s->bytes_room : 4096;
		s->bytes = mem_grow(s->bytes, s->bytes_room, 1);
	}
	e = &s->entry[s->n];
	*e = (struct entry){ .f = { .ts = p->base + ts, .captured = captured, .wire = n },
		.offset = s->nbytes, .order = s->n };
	memcpy(s->bytes + s->nbytes, p->frame, captured);
	s->nbytes += captured;
	s->n++;
}

static size_t link_header(struct parse *p, const struct conn *c, unsigned from)
{
	if (p->s->raw)
		return 0;
	return craft_link(p->frame, !addr_is_v4(&c->end[0].addr), from == 0, c->vlan);
}

static uint32_t number_of(const struct number *n, uint32_t isn)
{
	return n->absolute ? n->value : isn + n->value;
}

/* RFC 9293, 3.5.2: how an end that knows nothing of it resets a segment without ACK. */
static bool answers_without_ack(const struct end *me, const struct end *peer, unsigned flags)
{
	return (flags & TCP_RST) && (flags & TCP_ACK) && !me->spoke && peer->spoke && !peer->had_ack;
}

static uint32_t default_seq(const struct end *me, const struct end *peer, const struct line *l)
{
	if (l->flags & TCP_SYN)
		return me->isn;
	if (l->what == LINE_KEEPALIVE)
		return next_of(me) - 1;
	if (answers_without_ack(me, peer, l->flags))
		return 0;
	if ((l->flags & (TCP_RST | TCP_ACK)) == TCP_RST && peer->had_ack)
		return peer->last_ack;
	return next_of(me);
}

static void fill_segment(struct craft_tcp *seg, struct end *me, const struct end *peer,
	const struct line *l)
{
	bool socketless = (l->flags & (TCP_RST | TCP_ACK)) == TCP_RST ||
		answers_without_ack(me, peer, l->flags);

	if (l->what == LINE_AGAIN) {
		*seg = me->last;
	} else {
		memset(seg, 0, sizeof(*seg));
		seg->flags = l->flags;
		seg->len = (size_t)l->len;
		seg->seq = l->seq.given ? number_of(&l->seq, me->isn) : default_seq(me, peer, l);
		seg->win = socketless ? 0 : 64240;
		seg->noptions = (uint8_t)line_options(l, !addr_is_v4(&me->addr), peer->isn,
			seg->options);
	}
	if (seg->flags & TCP_ACK)
		seg->ack = heard_of(peer);
	if (l->ack.given)
		seg->ack = number_of(&l->ack, peer->isn);
	if (l->win >= 0)
		seg->win = (uint16_t)l->win;
	seg->tuple.addr[0] = me->addr;
	seg->tuple.addr[1] = peer->addr;
	seg->tuple.port[0] = me->port;
	seg->tuple.port[1] = peer->port;
	seg->ttl = l->ttl >= 0 ? (uint8_t)l->ttl : me->ttl;
	seg->id = l->id >= 0 ? (uint16_t)l->id : socketless ? 0 : ++me->id;
	seg->reserved = (uint8_t)l->res;
}

/* Both ends take note of the segment. */
static void track(struct end *me, const struct craft_tcp *seg, bool received)
{
	uint32_t end = seg->seq + (uint32_t)seg->len + !!(seg->flags & TCP_SYN) +
		!!(seg->flags & TCP_FIN);

	me->had_ack = seg->flags & TCP_ACK;
	if (me->had_ack)
		me->last_ack = seg->ack;
	if (seg->flags & TCP_RST)
		return;
	if (!me->spoke)
		me->next = me->heard = seg->seq;
	me->spoke = true;
	if (after(end, me->next))
		me->next = end;
	if (received && after(end, me->heard))
		me->heard = end;
	if (end != seg->seq) {
		me->last = *seg;
		me->can_again = true;
	}
}

static void begin_generation(struct end *me, struct end *peer, const struct line *l)
{
	if (l->isn >= 0) {
		end_restart(me, (uint32_t)l->isn);
		if (!(l->flags & TCP_ACK)) {
			peer->spoke = false;
			peer->renew = true;
		}
	} else if (me->renew) {
		end_restart(me, me->isn + 64000123);
	}
}

static void send_segment(struct parse *p, const struct line *l, int64_t ts, bool first)
{
	struct conn *c = &p->conn[p->current];
	struct end *me = &c->end[l->from], *peer = &c->end[!l->from];
	struct craft_tcp seg;
	size_t head, n;

	if (first && l->what == LINE_FLAGS && (l->flags & TCP_SYN))
		begin_generation(me, peer, l);
	fill_segment(&seg, me, peer, l);
	if (!l->forged)
		track(me, &seg, !l->dropped);
	head = link_header(p, c, l->from);
	n = craft_tcp(p->frame + head, &seg);
	me->nsent = n < SENT_MAX ? n : SENT_MAX;
	memcpy(me->sent, p->frame + head, me->nsent);
	if (l->lost)
		return;
	frame_add(p, ts, head + n);
	if (l->twice)
		frame_add(p, ts + 5 * NS_PER_US, head + n);
}

/* Octets of the packet that are IP and TCP header. */
static size_t headers_of(const uint8_t *packet)
{
	size_t ip = packet[0] >> 4 == 4 ? 20 : 40;

	return ip + (size_t)(packet[ip + 12] >> 4) * 4;
}

static void send_icmp(struct parse *p, const struct line *l, int64_t ts)
{
	struct conn *c = &p->conn[p->current];
	struct end *to = &c->end[!l->from];
	struct craft_icmp icmp = { .to = to->addr, .type = (uint8_t)l->icmp_type,
		.code = (uint8_t)l->icmp_code, .ttl = l->ttl >= 0 ? (uint8_t)l->ttl : 64,
		.id = l->id >= 0 ? (uint16_t)l->id : 0, .quote = to->sent };
	size_t head = link_header(p, c, l->from), ip = to->sent[0] >> 4 == 4 ? 20 : 40;

	icmp.from = l->icmp_from_given ? l->icmp_from : c->end[l->from].addr;
	icmp.nquote = l->quote >= 0 ? ip + (size_t)l->quote : headers_of(to->sent);
	if (icmp.nquote > to->nsent)
		icmp.nquote = to->nsent;
	if (!l->lost)
		frame_add(p, ts, head + craft_icmp(p->frame + head, &icmp));
}

static bool check_line(struct parse *p, const struct line *l)
{
	const struct conn *c = &p->conn[p->current];
	bool v4 = addr_is_v4(&c->end[0].addr);

	if (v4 != addr_is_v4(&c->end[1].addr))
		return words_fail(&p->w, p->err, "client and server are of different address families");
	if (l->what == LINE_AGAIN && !c->end[l->from].can_again)
		return words_fail(&p->w, p->err, "nothing to send again");
	if (l->what == LINE_ICMP && !c->end[!l->from].nsent)
		return words_fail(&p->w, p->err, "no segment that an ICMP error could quote");
	if (l->icmp_from_given && addr_is_v4(&l->icmp_from) != v4)
		return words_fail(&p->w, p->err, "the ICMP error is of another address family");
	if (p->s->nbytes + (size_t)(l->times * (l->len + 128)) > BYTES_MAX)
		return words_fail(&p->w, p->err, "more packets than a script may have");
	return true;
}

static bool do_packets(struct parse *p)
{
	struct line l;
	int64_t ts, every, i;

	if (!line_parse(&p->w, &l, p->err) || !check_line(p, &l))
		return false;
	ts = l.relative ? p->now + l.time : l.time;
	every = l.every;
	for (i = 0; i < l.times; i++) {
		if (l.what == LINE_ICMP)
			send_icmp(p, &l, ts);
		else
			send_segment(p, &l, ts, i == 0);
		p->now = ts;
		ts += every;
		if (l.doubling && every < INT64_MAX / 4)
			every *= 2;
		if (ts > SCRIPT_TIME_MAX)
			return words_fail(&p->w, p->err, "time goes too far");
	}
	return true;
}

static bool set_endpoint(struct parse *p, unsigned side)
{
	struct end *e = &p->conn[p->current].end[side];

	return words_endpoint(&p->w, &e->addr, &e->port, p->err);
}

static bool do_client(struct parse *p)
{
	return set_endpoint(p, 0);
}

static bool do_server(struct parse *p)
{
	return set_endpoint(p, 1);
}

static bool do_conn(struct parse *p)
{
	size_t i;

	words_next(&p->w); /* without a name: the first one, whose name is empty */
	if (strlen(p->w.word) >= CONN_NAME)
		return words_expected(&p->w, p->err, "a short name");
	for (i = 0; i < p->nconn; i++)
		if (strcmp(p->conn[i].name, p->w.word) == 0)
			break;
	if (i < p->nconn)
		p->current = i;
	else
		conn_add(p, p->w.word);
	return true;
}

static bool do_isn(struct parse *p)
{
	struct end *e = p->conn[p->current].end;
	int64_t n[2];

	if (!words_number(&p->w, &n[0], 0, UINT32_MAX, p->err) ||
		!words_number(&p->w, &n[1], 0, UINT32_MAX, p->err))
		return false;
	end_restart(&e[0], (uint32_t)n[0]);
	end_restart(&e[1], (uint32_t)n[1]);
	return true;
}

static bool do_ttl(struct parse *p)
{
	struct end *e = p->conn[p->current].end;
	int64_t n[2];

	if (!words_number(&p->w, &n[0], 0, 255, p->err) ||
		!words_number(&p->w, &n[1], 0, 255, p->err))
		return false;
	e[0].ttl = (uint8_t)n[0];
	e[1].ttl = (uint8_t)n[1];
	return true;
}

static bool do_vlan(struct parse *p)
{
	int64_t n;

	if (!words_number(&p->w, &n, 0, 4095, p->err))
		return false;
	p->conn[p->current].vlan = (uint16_t)n;
	return true;
}

static bool do_raw(struct parse *p)
{
	if (p->s->n)
		return words_fail(&p->w, p->err, "raw comes before the first packet");
	p->s->raw = true;
	return true;
}

static bool do_snap(struct parse *p)
{
	int64_t n;

	if (!words_number(&p->w, &n, 1, CRAFT_MAX, p->err))
		return false;
	p->snap = (size_t)n;
	return true;
}

static bool do_unsorted(struct parse *p)
{
	p->s->unsorted = true;
	return true;
}

static const struct setting {
	const char *name;
	bool (*run)(struct parse *p);
} settings[] = {
	{ "client", do_client },
	{ "server", do_server },
	{ "conn", do_conn },
	{ "isn", do_isn },
	{ "ttl", do_ttl },
	{ "vlan", do_vlan },
	{ "raw", do_raw },
	{ "snap", do_snap },
	{ "unsorted", do_unsorted },
};

static bool do_statement(struct parse *p)
{
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].name, p->w.word) == 0)
			break;
	if (i == sizeof(settings) / sizeof(settings[0]))
		return do_packets(p);
	if (!settings[i].run(p))
		return false;
	return !words_next(&p->w) || words_expected(&p->w, p->err, "the end of the line");
}

static void first_conn(struct parse *p, bool ipv6)
{
	struct conn *c = conn_add(p, "");

	addr_parse(ipv6 ? "fd00::1" : "10.0.0.1", &c->end[0].addr);
	addr_parse(ipv6 ? "fd00::5" : "10.0.0.5", &c->end[1].addr);
	c->end[0].port = 40000;
	c->end[1].port = 80;
	c->end[0].ttl = c->end[1].ttl = 64;
}

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->f.ts != y->f.ts)
		return x->f.ts < y->f.ts ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void finish(struct script *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->entry[i].f.data = s->bytes + s->entry[i].offset;
	if (!s->unsorted && s->n)
		qsort(s->entry, s->n, sizeof(*s->entry), by_time);
}

struct script *script_new(const char *text, const struct script_conf *conf, struct err *err)
{
	struct parse *p = mem_alloc(sizeof(*p));
	struct script *s = mem_alloc(sizeof(*s));
	bool ok = true;

	p->s = s;
	p->err = err;
	p->snap = CRAFT_MAX;
	p->base = conf ? conf->base : 0;
	words_begin(&p->w, text);
	first_conn(p, conf && conf->ipv6);
	while (ok && words_statement(&p->w))
		ok = do_statement(p);
	finish(s);
	mem_free(p->conn);
	mem_free(p);
	if (ok)
		return s;
	script_free(s);
	return NULL;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	mem_free(s->entry);
	mem_free(s->bytes);
	mem_free(s);
}

int script_dlt(const struct script *s)
{
	return s->raw ? DLT_RAW_IP : DLT_ETHERNET;
}

size_t script_count(const struct script *s)
{
	return s->n;
}

const struct script_frame *script_frame(const struct script *s, size_t i)
{
	return &s->entry[i].f;
}
