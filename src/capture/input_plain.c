/*
 * Of both kinds of files packets are found where they lie, and decoded there. Who only wants them
 * decoded gets them straight into the batch, and what is counted is counted once for all of them;
 * filters, savers and who looks ahead get frames as libpcap would hand them over.
 */
#include "config.h"

#include "capture/input_plain.h"

#include <string.h>

#include "capture/input_ng.h"
#include "capture/spool.h"
#include "packet/decode.h"
#include "util/clock.h"

/* Each kind of file gets a loop of its own. */
#define PASTED inline __attribute__((always_inline))

_Static_assert(PCAPNG_PLAIN_MOST <= INPUT_FRAME_MOST, "plain packets are none that are cut");

/* A packet where it lies in a file. */
struct found {
	struct face *face;
	const uint8_t *data;
	uint32_t captured, wire;
	int64_t ts, sec, ns; /* the same time in both ways */
	size_t size;	     /* of all that the file has of it */
};

/* The head of a packet in a plain pcap file, in our own byte order. */
struct record {
	uint32_t sec, fraction, captured, wire;
};

/* Anything but this is for libpcap to make sense of. */
static inline bool record_is_sane(const struct input *in, const struct record *r)
{
	return r->captured <= in->plain_most && r->sec <= INT32_MAX && r->fraction < in->plain_fraction;
}

/* The packet at `at`, if it is all there and plain; otherwise *f is left alone. */
static inline bool find_record(struct input *in, const uint8_t *at, const uint8_t *end, struct found *f)
{
	struct record r;

	if ((size_t)(end - at) < sizeof(r))
		return false;
	memcpy(&r, at, sizeof(r));
	if (!record_is_sane(in, &r) || (size_t)(end - at) - sizeof(r) < r.captured)
		return false;
	f->face = &in->only;
	f->data = at + sizeof(r);
	f->captured = r.captured;
	f->wire = r.wire;
	f->sec = r.sec;
	f->ns = r.fraction * (int64_t)in->plain_ns;
	f->ts = f->sec * NS_PER_SEC + f->ns;
	f->size = sizeof(r) + r.captured;
	return true;
}

static inline bool find_block(const struct input *in, const uint8_t *at, const uint8_t *end, struct found *f)
{
	struct pcapng_plain p;

	if (!pcapng_plain(&in->ng->ng, at, (size_t)(end - at), &p) || !p.interface->face->link)
		return false;
	f->face = p.interface->face;
	f->data = p.data;
	f->captured = p.captured;
	f->wire = p.wire;
	f->sec = p.ts / NS_PER_SEC;
	f->ns = p.ts % NS_PER_SEC;
	f->ts = p.ts;
	f->size = p.size;
	return true;
}

static PASTED bool find(struct input *in, bool ng, const uint8_t *at, const uint8_t *end, struct found *f)
{
	return ng ? find_block(in, at, end, f) : find_record(in, at, end, f);
}

/*
 * Takes at most `room` packets of what lies between *at and `end`, and moves *at behind them; *f is
 * the last one. Of what was found nothing is needed any more once it is decoded: registers are few.
 */
static PASTED size_t into_batch(struct input *in, bool ng, const uint8_t **at, const uint8_t *end, size_t room,
	struct found *f)
{
	struct pkt *out = &in->out[in->n];
	uint8_t source = input_source(in);
	const uint8_t *next = *at;
	uint64_t bytes = 0;
	size_t n;

	for (n = 0; n < room && find(in, ng, next, end, f); n++) {
		enum drop drop;

		out->ts = f->ts;
		out->source = source;
		bytes += f->wire;
		next += f->size;
		drop = decode(f->face->link, f->data, f->captured, f->wire, out);
		if (drop == DROP_NONE)
			out++;
		else
			in->stats->dropped[drop]++;
	}
	*at = next;
	in->n = (size_t)(out - in->out);
	in->frames += n;
	in->stats->packets += n;
	in->stats->bytes += bytes;
	return n;
}

/* The same by way of callbacks. */
static PASTED size_t into_frames(struct input *in, bool ng, const uint8_t **at, const uint8_t *end, size_t room,
	struct found *f, pcap_handler frame)
{
	size_t n;

	for (n = 0; n < room && find(in, ng, *at, end, f); n++) {
		struct pcap_pkthdr h = {
			.ts = {(time_t)f->sec, (suseconds_t)f->ns},
			.caplen = f->captured,
			.len = f->wire,
		};

		in->now = f->face;
		frame((u_char *)in, &h, f->data);
		*at += f->size;
	}
	return n;
}

/* Nobody wants to see a frame before it is decoded. */
static bool nothing_but_decoded(const struct input *in, pcap_handler frame)
{
	return frame == input_into_batch && !in->saver && !in->only.filtered;
}

/* Whether the next packet is there, as far as is needed to see that it is libpcap's. */
static bool next_is_odd(const struct input *in, const uint8_t *at, const uint8_t *end)
{
	struct record r;

	if ((size_t)(end - at) < sizeof(r))
		return false;
	memcpy(&r, at, sizeof(r));
	return !record_is_sane(in, &r);
}

/* At most `room` packets out of the spool. */
static size_t some_records(struct input *in, size_t room, pcap_handler frame, bool *odd)
{
	const uint8_t *from, *at, *end;
	size_t n, waiting = spool_look(in->spool, &from);
	struct found last;

	at = from;
	end = from + waiting;
	if (nothing_but_decoded(in, frame))
		n = into_batch(in, false, &at, end, room, &last);
	else
		n = into_frames(in, false, &at, end, room, &last, frame);
	*odd = next_is_odd(in, at, end);
	spool_skip(in->spool, (size_t)(at - from));
	return n;
}

/* Batches are full as long as there is something, wherever the pieces end that were read. */
size_t input_plain_read(struct input *in, size_t room, pcap_handler frame)
{
	bool odd;
	size_t n;

	n = some_records(in, room, frame, &odd);
	while (n < room && !odd && spool_fill(in->spool))
		n += some_records(in, room - n, frame, &odd);
	return n;
}

size_t input_plain_blocks(struct input *in, const uint8_t *from, size_t left, size_t room, pcap_handler frame,
	size_t *n)
{
	const uint8_t *at = from, *end = from + left;
	struct found last;
	size_t taken;

	if (in->long_way)
		return 0;
	if (nothing_but_decoded(in, frame))
		taken = into_batch(in, true, &at, end, room - *n, &last);
	else
		taken = into_frames(in, true, &at, end, room - *n, &last, frame);
	*n += taken;
	if (taken > 0)
		pcapng_passed(&in->ng->ng, (size_t)(at - from), last.ts);
	return (size_t)(at - from);
}
