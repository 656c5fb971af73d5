/* What a result is made of. Private to the layer. */
#ifndef TCPTOP_QUERY_RESULT_H
#define TCPTOP_QUERY_RESULT_H

#include "model/connection.h"
#include "query/query.h"
#include "query/sorter.h"
#include "util/str.h"

/* 64-bit keyed hashes to numbers; two keys of the same hash are the same key. */
struct hash_map {
	struct {
		uint64_t hash; /* 0 = empty */
		uint32_t value;
	} *slot;
	size_t room, used; /* room: a power of two */
};

void hash_map_clear(struct hash_map *m);
void hash_map_free(struct hash_map *m);
/*
 * Where the value of that hash is kept until the next call; *is_new: it was not there and
 * is 0 now.
 */
uint32_t *hash_map_put(struct hash_map *m, uint64_t hash, bool *is_new);

/* Texts that live until the next query. */
struct texts {
	struct text_chunk *chunk;
};

const char *texts_keep(struct texts *t, const char *text);
void texts_clear(struct texts *t);

struct group {
	uint64_t id;
	struct conversation_key key;
	const char *zone[2];
	struct counters n;
	uint32_t peers;
	uint32_t row; /* of those returned, UINT32_MAX: none */
	bool passed;  /* some conversation of it passed the filters */
	bool no_series;
};

struct graph_step {
	int64_t second;
	uint32_t line[32]; /* enum series_line */
};

/* One of the conversations summed: what its sparkline is made of. */
struct source {
	uint32_t handle, group;
};

struct result_memory {
	const struct store *store;
	const struct query *query;
	struct sorter sorter;
	struct texts texts;
	struct hash_map zone_of; /* hash of address -> index of zone */
	const char **zone;	 /* in texts; [0] is "" */
	size_t zones, zone_room;
	/* views of sums */
	struct hash_map group_of;
	struct hash_map peers;
	struct group *group;
	size_t groups, group_room;
	struct source *source;
	size_t sources, source_room;
	uint16_t (*spark)[3][SPARK_STEPS];
	/* connections; sorter rows index these */
	struct connection_ref {
		uint64_t uid;
		int64_t start;
	} *ref;
	size_t refs, ref_room;
	struct connection *copy; /* with a limit: the rows themselves */
	struct connection current;
	/* endings and graph */
	struct counters total;
	uint64_t ended;
	struct finding *finding; /* a copy: it stands alone */
	size_t finding_room;
	struct graph_step *step;
	size_t steps, step_room;
	uint32_t step_length;
	struct query_row row; /* the one handed out */
};

/* The zone of an address, its name kept in the result. */
const char *result_zone(struct result_memory *m, const struct addr *a);
/* Both filters. */
bool query_passes_before(const struct query *q, const struct query_row *row);
bool query_passes_after(const struct query *q, const struct query_row *row);
/* Whether some filter looks at zones of conversations. */
bool query_needs_zones(const struct query *q);
/* The sort column's value of the row, its text kept, and whether the sorter took it. */
void result_sort_in(struct result_memory *m, const struct query_row *row, uint64_t number);
/* Grows an array by one when it is full. */
void *result_room(void *p, size_t n, size_t *room, size_t size);

/* One for each kind of view: fill the result's memory and counts, ... */
void run_groups(struct result *r);
void run_connections(struct result *r);
void run_endings(struct result *r);
void run_graph(struct result *r);
void run_findings(struct result *r);
/* ... and make the row of that number. */
void row_of_group(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_connection(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_ending(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_step(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_finding(struct result_memory *m, uint64_t number, struct query_row *row);

#endif
