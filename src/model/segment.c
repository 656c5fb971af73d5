/* A segment as some 16 octets instead of 48, each by itself, so that the first of a row can be taken away. */
#include "config.h"

#include "model/trail.h"

#include <stdbool.h>

#include "util/clock.h"
#include "util/number.h"

/* The second octet: side, note << 1, and what follows. */
enum { NOTE_SHIFT = 1, FINE = 0x10 /* times are ns, not us */, RUN = 0x20, HAS_LEN = 0x40, HAS_MSS = 0x80 };

_Static_assert(NOTE_COUNT <= 8, "three bits");
_Static_assert(5 + 3 * NUMBER_MAX + 4 * 5 + NUMBER_BEYOND <= SEGMENT_PACKED, "room for all of it");

static inline uint8_t *put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	return p + 2;
}

static inline uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint8_t *segment_pack(const struct segment *s, uint8_t *out)
{
	uint64_t lasted = (uint64_t)s->t_last - (uint64_t)s->t;
	bool run = lasted != 0 || s->count != 1;
	bool fine = s->t % NS_PER_US != 0 || s->t_last % NS_PER_US != 0;
	int64_t unit = fine ? 1 : NS_PER_US;
	uint8_t *p = out;

	*p++ = s->flags;
	*p++ = (uint8_t)((s->side & 1) | (s->note & 7) << NOTE_SHIFT | (fine ? FINE : 0) | (run ? RUN : 0) |
		(s->len ? HAS_LEN : 0) | (s->mss ? HAS_MSS : 0));
	*p++ = (uint8_t)((s->state[0] & 15) | s->state[1] << 4);
	p = put_u16(p, s->win);
	p = number_write_any(p, number_fold_sign((uint64_t)(s->t / unit)));
	if (run) {
		p = number_write_any(p, number_fold_sign((uint64_t)((int64_t)lasted / unit)));
		p = number_write_any(p, s->count);
	}
	p = number_write_any(p, s->seq);
	p = number_write_any(p, s->ack);
	if (s->len)
		p = number_write(p, s->len);
	if (s->mss)
		p = number_write(p, s->mss);
	return p;
}

static const uint8_t *get_u32(const uint8_t *p, uint32_t *out)
{
	uint64_t v;

	p = number_read(p, &v);
	*out = (uint32_t)v;
	return p;
}

static const uint8_t *get_time(const uint8_t *p, bool fine, uint64_t *out)
{
	uint64_t v;

	p = number_read(p, &v);
	*out = number_unfold_sign(v) * (fine ? 1 : (uint64_t)NS_PER_US);
	return p;
}

const uint8_t *segment_unpack(const uint8_t *in, struct segment *s)
{
	unsigned what = in[1];
	const uint8_t *p = in + 5;
	uint64_t t, lasted = 0;
	uint32_t mss = 0;

	s->flags = in[0];
	s->side = what & 1;
	s->note = what >> NOTE_SHIFT & 7;
	s->state[0] = in[2] & 15;
	s->state[1] = in[2] >> 4;
	s->win = get_u16(in + 3);
	p = get_time(p, what & FINE, &t);
	s->count = 1;
	if (what & RUN) {
		p = get_time(p, what & FINE, &lasted);
		p = get_u32(p, &s->count);
	}
	s->t = (int64_t)t;
	s->t_last = (int64_t)(t + lasted);
	p = get_u32(p, &s->seq);
	p = get_u32(p, &s->ack);
	s->len = 0;
	if (what & HAS_LEN)
		p = get_u32(p, &s->len);
	if (what & HAS_MSS)
		p = get_u32(p, &mss);
	s->mss = (uint16_t)mss;
	return p;
}
