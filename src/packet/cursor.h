/* A bounded reader of octets in network order. The only way to look at what came from outside. */
#ifndef TCPTOP_PACKET_CURSOR_H
#define TCPTOP_PACKET_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What cur_take() may be asked for at once. */
#define CUR_TAKE_MAX 64

/* What remains of a frame. left <= wire: a capture may keep less than was sent, never more. */
struct cursor {
	const uint8_t *p;
	size_t left; /* octets captured from p on */
	size_t wire; /* octets sent from p on */
	bool ok;     /* false for good after the first read past the end */
	bool bound;  /* wire is what a header said, not just the length of the frame */
};

extern const uint8_t cur_zeros[CUR_TAKE_MAX];

static inline void cur_init(struct cursor *c, const uint8_t *p, size_t left, size_t wire)
{
	*c = (struct cursor){.p = p, .left = left, .wire = wire < left ? left : wire, .ok = true};
}

static inline bool cur_ok(const struct cursor *c)
{
	return c->ok;
}

/* The next n octets (n <= CUR_TAKE_MAX), taken. Past the end: zeros, and cur_ok() is false from then on. */
static inline const uint8_t *cur_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (__builtin_expect(c->left < n, 0)) {
		c->left = 0;
		c->ok = false;
		return cur_zeros;
	}
	c->p += n;
	c->left -= n;
	c->wire -= n;
	return p;
}

/* Takes n octets unseen; any n. */
static inline void cur_skip(struct cursor *c, size_t n)
{
	if (__builtin_expect(c->left < n, 0)) {
		c->left = 0;
		c->ok = false;
		return;
	}
	c->p += n;
	c->left -= n;
	c->wire -= n;
}

/* The octet `at` further on, without taking it; past the end: 0, and nothing else happens. */
static inline uint8_t cur_peek(const struct cursor *c, size_t at)
{
	return at < c->left ? c->p[at] : 0;
}

/* The same for two octets. */
static inline uint16_t cur_peek16(const struct cursor *c, size_t at)
{
	return (uint16_t)(cur_peek(c, at) << 8 | cur_peek(c, at + 1));
}

/*
 * A header says that n octets remain: what is behind them is padding. What is missing was not
 * captured, even when the frame's own length denies it (taps slice frames and record the length of
 * the slice), but no header may claim more than those around it.
 */
static inline void cur_limit(struct cursor *c, size_t n)
{
	if (c->bound && n > c->wire)
		n = c->wire;
	c->bound = true;
	c->wire = n;
	if (c->left > n)
		c->left = n;
}

/* Numbers inside what cur_take() gave. */
static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint16_t own16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#endif
