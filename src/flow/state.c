#include "config.h"

#include "flow/state.h"

/* Before anything but SYNs: RFC 9293, figures 6 and 7. */
static enum tcp_state state_opening(const struct flow *f, int side)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];

	if (!(x->flags & HALF_ISN))
		return side == SERVER ? STATE_LISTEN : STATE_NONE;
	if (!x->n[COUNT_SYNACK])
		return STATE_SYN_SENT;
	if (y->flags & HALF_PROGRESS && f->rare->odd[side].synack_late < SYNACK_LATE)
		return STATE_ESTABLISHED;
	return STATE_SYN_RECEIVED;
}

static enum tcp_state state_closing(const struct flow *f, int side)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];
	bool mine = x->flags & HALF_FIN, theirs = y->flags & HALF_FIN && fin_acked(f, !side);

	if (!mine)
		return theirs ? STATE_CLOSE_WAIT : STATE_ESTABLISHED;
	if (fin_acked(f, side)) {
		if (!theirs)
			return STATE_FIN_WAIT_2;
		return x->flags & HALF_FIN_FIRST ? STATE_TIME_WAIT : STATE_CLOSED;
	}
	if (!theirs)
		return STATE_FIN_WAIT_1;
	return x->flags & HALF_FIN_FIRST ? STATE_CLOSING : STATE_LAST_ACK;
}

static bool over_by_itself(enum ending e)
{
	return e == ENDING_REFUSED || e == ENDING_REFUSED_PATH || e == ENDING_CANCELLED ||
	       e == ENDING_UNREACHABLE || e == ENDING_PROBE || e == ENDING_STRAY_RESET;
}

enum tcp_state state_of(const struct flow *f, int side, int64_t now, int64_t time_wait)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];
	enum tcp_state state;

	if (was_reset(f) || over_by_itself(f->ending))
		return STATE_CLOSED;
	if (!(x->flags & HALF_PROGRESS) && (x->flags & HALF_ISN || !(y->flags & HALF_PROGRESS)))
		state = state_opening(f, side);
	else
		state = state_closing(f, side);
	if (state == STATE_TIME_WAIT && now >= state_time_wait_until(f, time_wait))
		state = STATE_CLOSED;
	return state;
}

int64_t state_time_wait_until(const struct flow *f, int64_t time_wait)
{
	int64_t last = TIME_NEVER;
	int side;

	if (was_reset(f) || !fin_acked(f, CLIENT) || !fin_acked(f, SERVER))
		return 0;
	for (side = CLIENT; side <= SERVER; side++) {
		const struct half *x = &f->half[side];

		/*
		 * The closer's last packet is its acknowledgement of the peer's FIN, or again of a
		 * repeated one.
		 */
		if (x->flags & HALF_FIN_FIRST && rel_ns(x->t_last) > last)
			last = rel_ns(x->t_last);
		if (rel_ns(flow_fin_last(f, side)) > last)
			last = rel_ns(flow_fin_last(f, side));
	}
	return last == TIME_NEVER ? 0 : f->start + last + time_wait;
}
