/* What became of the packets, cumulative, so that nothing is lost without being seen. */
#ifndef TCPTOP_MODEL_CAPTURE_STATS_H
#define TCPTOP_MODEL_CAPTURE_STATS_H

#include <stdint.h>

enum drop {
	DROP_NONE,
#define DROP(id, ...) DROP_##id,
#include "model/drops.def"
#undef DROP
	DROP_COUNT
};

struct drop_info {
	const char *name, *gist;
};
extern const struct drop_info drop_info[DROP_COUNT];

struct capture_stats {
	uint64_t packets;	    /* handed over by the sources */
	uint64_t bytes;		    /* their lengths on the wire */
	uint64_t segments;	    /* TCP segments tracked */
	uint64_t icmp_errors;	    /* ICMP errors that quote a segment */
	uint64_t dropped[DROP_COUNT]; /* not used, by reason */
	uint64_t kernel_drops;	    /* ps_drop: the capture buffer was full */
	uint64_t interface_drops;   /* ps_ifdrop */
	uint64_t evicted;	    /* connections judged early because the table was full */
	uint64_t time_backwards;    /* packets stamped earlier than the one before */
	uint64_t time_jumps;	    /* times the packets' clock was set, back or far ahead */
	/* Of the last 200 connections with 4 packets or more, those seen in one direction. */
	uint64_t one_way;
	uint64_t duplicates;	    /* copies recognised and not judged */
	uint64_t file_bytes_read, file_bytes_total; /* progress; total 0 = not a file */
};

/* Adds the cumulative figures of another shard. */
void capture_stats_add(struct capture_stats *to, const struct capture_stats *what);

#endif
