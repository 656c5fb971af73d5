/*
 * When did it happen? Rows say how often, and when last; so what is new in a row is booked at the
 * row's own times, not when the row came. An event with a time of its own (attempt, handshake,
 * ending) moves when its time does.
 */
#include "config.h"

#include "model/connection.h"
#include "store/state.h"
#include "util/clock.h"

struct event {
	bool happened;
	int64_t at; /* ns since the epoch */
};

static int64_t second_of(int64_t ns)
{
	return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

static void book(struct store *st, uint32_t talk, enum series_line line, int64_t at, int64_t n)
{
	int64_t second = second_of(at);
	uint32_t *owner = talk_series(&st->talks, talk);

	if (n > 0) {
		series_total_book(&st->series, line, second, (uint32_t)n);
		series_book(&st->talks.series, owner, line, second, (uint32_t)n);
	} else {
		series_total_take(&st->series, line, second, (uint32_t)-n);
		series_take(&st->talks.series, owner, line, second, (uint32_t)-n);
	}
}

static void book_event(struct store *st, uint32_t talk, enum series_line line, struct event was,
	struct event is)
{
	if (was.happened == is.happened && second_of(was.at) == second_of(is.at))
		return;
	if (was.happened)
		book(st, talk, line, was.at, -1);
	if (is.happened)
		book(st, talk, line, is.at, 1);
}

/* A time of a row; the last packet's where the row does not know it. */
static int64_t time_of(const struct connection *c, int64_t since_start)
{
	if (since_start == TIME_NEVER)
		return c->last;
	return (int64_t)((uint64_t)c->start + (uint64_t)since_start);
}

void booking_packets(struct store *st, uint32_t talk, const struct connection *was,
	const struct connection *is)
{
	static const struct side nothing;
	const struct connection *c = is ? is : was;

	for (int i = 0; i < 2; i++) {
		const struct side *a = was ? &was->side[i] : &nothing;
		const struct side *b = is ? &is->side[i] : &nothing;
		const struct side *t = &c->side[i];

		if (a->syn != b->syn)
			book(st, talk, SERIES_SYN_CLT + i, time_of(c, t->t_syn_last),
				(int64_t)b->syn - a->syn);
		if (a->fin != b->fin)
			book(st, talk, SERIES_FIN_CLT + i, time_of(c, t->t_fin_last),
				(int64_t)b->fin - a->fin);
		if (a->rst != b->rst)
			book(st, talk, SERIES_RST_CLT + i, time_of(c, t->t_rst_last),
				(int64_t)b->rst - a->rst);
		if (a->rst_uniq != b->rst_uniq)
			book(st, talk, SERIES_RST_UNIQ_CLT + i, time_of(c, t->t_rst),
				b->rst_uniq - a->rst_uniq);
	}
}

static struct event attempt_of(const struct connection *c)
{
	if (!c || c->origin != ORIGIN_ATTEMPT)
		return (struct event){ false, 0 };
	return (struct event){ true, c->start };
}

static struct event handshake_of(const struct connection *c)
{
	if (!c || c->origin != ORIGIN_ATTEMPT || !c->established)
		return (struct event){ false, 0 };
	return (struct event){ true, time_of(c, c->t_established) };
}

static enum ending_group group_of(const struct connection *c)
{
	return c ? connection_group(c) : GROUP_NONE;
}

static struct event ending_of(const struct connection *c, enum ending_group g)
{
	if (!c || g == GROUP_NONE || group_of(c) != g)
		return (struct event){ false, 0 };
	return (struct event){ true, c->ended ? c->ended : c->last };
}

void booking_change(struct store *st, uint32_t talk, const struct connection *was,
	const struct connection *is)
{
	enum ending_group a = group_of(was), b = group_of(is);

	if (st->findings)
		findings_change(st->findings, was, is);
	booking_packets(st, talk, was, is);
	book_event(st, talk, SERIES_ATTEMPTS, attempt_of(was), attempt_of(is));
	book_event(st, talk, SERIES_CT, handshake_of(was), handshake_of(is));
	if (a != GROUP_NONE)
		book_event(st, talk, SERIES_GROUP + a - 1, ending_of(was, a), ending_of(is, a));
	if (b != GROUP_NONE && b != a)
		book_event(st, talk, SERIES_GROUP + b - 1, ending_of(was, b), ending_of(is, b));
}
