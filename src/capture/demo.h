/*
 * The built-in traffic as frames in time order. Its tables: demo_hosts.def, demo_plays.def,
 * demo_cast.def.
 */
#ifndef TCPTOP_CAPTURE_DEMO_H
#define TCPTOP_CAPTURE_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/ending.h"
#include "packet/script.h"

#define DEMO_ROUND_SECONDS 180 /* in which every ending occurs */

struct demo; /* opaque */
struct str;

/*
 * The same seed and start (ns since the epoch) give the same frames. endless: round follows
 * round, each with ports, sequence numbers and strangers of its own; otherwise what began
 * in the first round is played to its end.
 */
struct demo *demo_new(uint64_t seed, int64_t start, bool endless);
void demo_free(struct demo *d);

/*
 * The next frame without taking it; NULL when all are played. Borrowed until demo_take() or
 * demo_free().
 */
const struct script_frame *demo_peek(struct demo *d);
/* Goes on to the one after. */
void demo_take(struct demo *d);

/* What script_dlt() says of every frame. */
int demo_dlt(const struct demo *d);

/*
 * For tests: rows of the cast by number. Which one plays the frame that demo_peek()
 * returned; its play's name ("" beyond the last row) and ending; a script as it would be
 * played, added to `out`. Client ports are not used twice in a round.
 */
size_t demo_role(const struct demo *d);
const char *demo_role_name(size_t role);
enum ending demo_role_ending(size_t role);
void demo_role_text(struct demo *d, size_t role, struct str *out);

#endif
