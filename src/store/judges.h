/* What the judges have in common, and what the table of them needs to know. */
#ifndef TCPTOP_STORE_JUDGES_H
#define TCPTOP_STORE_JUDGES_H

#include <stdio.h>

#include "store/cases.h"
#include "util/fmt.h"

typedef unsigned long long ull; /* for printf */

#define SAY(c, ...) snprintf((c)->sentence, sizeof((c)->sentence), __VA_ARGS__)

/* Subject and filter of the claim: a service, or with port 0 a host. */
void say_service(const struct addr *a, unsigned port, struct claim *c);
void about_service(const struct judging *j, struct claim *c);
/* "10.0.0.5:443", "10.0.0.5" or "3 services": what the facts of the bunch are about. */
void about_targets(const struct judging *j, struct claim *c);
/* Narrows the filter to one ending. */
void only_ending(struct claim *c, enum ending e);
const char *share(double part, char buf[FMT_TEXT]);
const char *plural(uint64_t n); /* "" or "s" */

/* More than usual, or raised already. */
bool is_surprise(const struct judging *j, uint64_t k);

is_case is_any, is_server_abort;

/* How many facts of a bunch can be cases, at most. */
uint32_t count_after_silence(const struct bunch *b);
uint32_t count_all(const struct bunch *b);
uint32_t count_client_aborts(const struct bunch *b);
uint32_t count_cuts(const struct bunch *b);
uint32_t count_dropped(const struct bunch *b);
uint32_t count_ended(const struct bunch *b);
uint32_t count_harmless(const struct bunch *b);
uint32_t count_finished(const struct bunch *b);
uint32_t count_half_closed(const struct bunch *b);
uint32_t count_half_open(const struct bunch *b);
uint32_t count_in_vain(const struct bunch *b);
uint32_t count_server_aborts(const struct bunch *b);
uint32_t count_server_cuts(const struct bunch *b);
uint32_t count_closes(const struct bunch *b);
uint32_t count_unanswered(const struct bunch *b);
uint32_t count_unserved(const struct bunch *b);

bool judge_client_aborts(struct judging *j, struct claim *c);
bool judge_close_wait_leak(struct judging *j, struct claim *c);
bool judge_cut_downloads(struct judging *j, struct claim *c);
bool judge_flapping(struct judging *j, struct claim *c);
bool judge_gaps(struct judging *j, struct claim *c);
bool judge_half_open(struct judging *j, struct claim *c);
bool judge_host_restart(struct judging *j, struct claim *c);
bool judge_icmp(struct judging *j, struct claim *c);
bool judge_idle_timeout(struct judging *j, struct claim *c);
bool judge_interference(struct judging *j, struct claim *c);
bool judge_network_outage(struct judging *j, struct claim *c);
bool judge_one_way(struct judging *j, struct claim *c);
bool judge_port_churn(struct judging *j, struct claim *c);
bool judge_queue_full(struct judging *j, struct claim *c);
bool judge_refusing(struct judging *j, struct claim *c);
bool judge_resets_by_design(struct judging *j, struct claim *c);
bool judge_restart(struct judging *j, struct claim *c);
bool judge_scanner(struct judging *j, struct claim *c);
bool judge_server_aborts(struct judging *j, struct claim *c);
bool judge_silent_service(struct judging *j, struct claim *c);
bool judge_standing_ports(struct judging *j, struct claim *c);
bool judge_stale_pool(struct judging *j, struct claim *c);
bool judge_wide_outage(struct judging *j, struct claim *c);

#endif
