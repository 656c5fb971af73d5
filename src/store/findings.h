/* The keeper of findings: facts go in as connections change, findings come out when asked for. */
#ifndef TCPTOP_STORE_FINDINGS_H
#define TCPTOP_STORE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/finding.h"

struct capture_stats;
struct connection;
struct err;
struct findings;

/* thresholds: NULL for the defaults. max_facts: events kept, 0 for the default; when they are more the oldest go. */
struct findings *findings_new(const struct thresholds *thresholds, uint32_t max_facts, struct err *err);
void findings_free(struct findings *fs);
void findings_clear(struct findings *fs);
size_t findings_bytes(uint32_t max_facts);

/* A connection is known otherwise than before; either may be NULL. */
void findings_change(struct findings *fs, const struct connection *was, const struct connection *is);
/* Reads ahead what is known of n connections that will change. */
void findings_fetch(const struct findings *fs, const uint64_t *uid, size_t n);
/* What ended before `passed` has all been heard of: what is old enough will be settled for good. */
void findings_pass(struct findings *fs, int64_t passed);
/* Goes on with settling, as far as is due for so many rows that came. */
void findings_settle(struct findings *fs, size_t rows);
void findings_stats(struct findings *fs, const struct capture_stats *stats, int64_t now);

/*
 * Goes on with working out what is to be listed; work: how much, about a tenth of a microsecond each. True when it is
 * done. When facts change before that it begins anew.
 */
bool findings_work(struct findings *fs, int64_t now, bool final, int64_t work);
/* The same as a whole. final: there will be no more facts. Else with very many of them what is told may be some seconds old. */
const struct finding *findings_list(struct findings *fs, int64_t now, bool final, size_t *n);
/* What was worked out last. */
const struct finding *findings_latest(const struct findings *fs, size_t *n);
void findings_usage(const struct findings *fs, struct findings_usage *out);

#endif
