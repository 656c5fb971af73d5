/* Packet scripts played through decode and engine into plain rows: what the tests of flow look at. */
#ifndef TCPTOP_TESTS_SIM_H
#define TCPTOP_TESTS_SIM_H

#include <stddef.h>

#include "flow/engine.h"
#include "packet/script.h"

struct sim; /* an engine and the rows it handed over */

/* conf may be NULL: from a file, 4096 connections, trails. */
struct sim *sim_new(const struct engine_conf *conf);
void sim_free(struct sim *s);

/* Plays a script to the engine; the input does not end. Fails the test when the script is wrong. */
void sim_play(struct sim *s, const char *script);
void sim_play_ipv6(struct sim *s, const char *script);
void sim_pkt(struct sim *s, const struct pkt *p);
/* Time passes to `seconds` after the script's zero. */
void sim_tick(struct sim *s, double seconds);
void sim_publish(struct sim *s);
void sim_finish(struct sim *s);

/* Rows as last published, in order of uid. */
size_t sim_count(struct sim *s);
const struct connection *sim_at(struct sim *s, size_t i);
/* The one and only; fails the test when there are more or none. */
const struct connection *sim_only(struct sim *s);
/* "refused/high 7" of each row, separated by ", "; open ones are "open". Until the next call. */
const char *sim_endings(struct sim *s);
const struct capture_stats *sim_stats(struct sim *s);
/* The last trail that came with a row of this uid, or NULL. */
const struct trail *sim_trail(struct sim *s, uint64_t uid);
struct engine *sim_engine(struct sim *s);

#endif
