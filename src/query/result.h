/* What a result is made of. Private to the layer. */
#ifndef TCPTOP_QUERY_RESULT_H
#define TCPTOP_QUERY_RESULT_H

#include "model/connection.h"
#include "model/sums.h"
#include "query/query.h"
#include "query/sorter.h"
#include "util/mem.h"
#include "util/slots.h"
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

/* NULL: it is not there. */
const uint32_t *hash_map_get(const struct hash_map *m, uint64_t hash);

/* Texts that live until the next query. */
struct texts {
	struct text_chunk *chunk;
};

const char *texts_keep(struct texts *t, const char *text);
void texts_clear(struct texts *t);

#define NO_GROUP UINT32_MAX

/* A row of a view of sums on the way: what it takes to find its conversations. */
struct group {
	uint64_t id;
	uint32_t any; /* a conversation that has its key */
	uint32_t peers : 30;
	uint32_t begun : 1; /* one of its conversations passed: `any` */
	uint32_t noted : 1; /* the peers it has are in the set */
};

/* The same in full. */
struct group_row {
	uint64_t id;
	struct conversation_key key;
	const char *zone[2];
	struct tray n;
	uint32_t peers;
};

struct grouping {
	struct slots found; /* high half: that of the identity; low half: the group, plus one */
	uint32_t most;	    /* groups that there is room for there, and peers */
	/*
	 * The groups of the first so many handles stand for the next query as long as it groups the
	 * same keys the same way.
	 */
	uint32_t handles;
	struct grouping_basis {
		uint64_t keys; /* store_keys_version(); 0: of nothing */
		uint64_t filter[2]; /* filter.number; 0: none that asks of keys */
		const struct zones *zones;
		enum view view;
		bool peers_kept; /* the store counts them: they change with it, so nothing stands */
	} basis;
	struct group *group;
	uint32_t *row; /* by group: which of those returned, NO_GROUP: it did not pass */
	size_t groups, group_room;
	uint32_t *of; /* by handle: the group of a conversation that passed, or NO_GROUP */
	size_t of_room;
	/* What sorting and filtering look at, and only that: `needs` numbers a group. */
	uint64_t *sum;
	size_t sum_room;
	uint8_t need[COUNTER_COUNT];
	size_t needs;
	unsigned group_by; /* BY_* */
	bool alone;	   /* no two conversations are of one group: none is looked for */
	bool need_zones, need_key, has_before;
	bool whole; /* no filter: all conversations count */
	struct slots peers; /* hashes of those of groups that have several conversations */
	/* Without a limit: group g's conversations are member[first[g]] up to before member[first[g + 1]]. */
	uint32_t *first, *member;
	struct group_row *made; /* with a limit all that are returned, without one the one handed out */
};

struct graph_step {
	int64_t second;
	uint32_t line[32]; /* enum series_line */
};

/* Where a query is that is answered in pieces. Views have their own stages from STAGE_FIRST on. */
enum { STAGE_FIRST, STAGE_DONE = 100 };

struct result_memory {
	const struct store *store;
	const struct query *query; /* its copy in here */
	struct query asked;
	uint64_t version; /* of the store, at the beginning */
	int stage;
	uint64_t at; /* in the stage */
	struct tray sum; /* of what passed, where it is summed up */
	unsigned restarts;
	struct sorter sorter;
	struct texts texts;
	struct hash_map zone_of; /* hash of network -> index of zone */
	const char **zone;	 /* in texts */
	size_t zones, zone_room;
	struct grouping by; /* views of sums */
	uint16_t (*spark)[3][SPARK_STEPS]; /* by row */
	bool *no_series;		   /* not of all its conversations */
	/* connections; sorter rows are places in the store, where they are as long as it does not change */
	struct connection *copy; /* with a limit: the rows themselves */
	bool need_counters;	 /* to sort and filter */
	struct connection current;
	/* endings and graph */
	struct counters total;
	uint64_t ended;
	struct finding *finding; /* a copy: it stands alone */
	size_t finding_room;
	struct graph_step *step;
	size_t steps, step_room;
	uint32_t step_length;
	uint32_t *line[32]; /* enum series_line: of the last `seconds` up to and including `until` */
	size_t seconds;
	int64_t until;
	struct hash_map place_of; /* identities of the first `indexed` rows */
	size_t indexed;
	struct query_row row; /* the one handed out */
};

/* The zone of an address, its name kept in the result. */
const char *result_zone(struct result_memory *m, const struct addr *a);
/* Both filters. */
bool query_passes_before(const struct query *q, const struct query_row *row);
bool query_passes_after(const struct query *q, const struct query_row *row);
/* Whether some filter looks at zones of conversations. */
bool query_needs_zones(const struct query *q);
/* Sets m->sorter up as the query says. */
void result_sort_begin(struct result_memory *m, int (*decide)(const void *, uint64_t, uint64_t));
/* Hands the row to the sorter: its value in the sort column, its text kept. `tie` as in sorter.h. */
void result_sort_in(struct result_memory *m, const struct query_row *row, uint64_t tie, uint64_t number);
/* False: it will not, whatever the tie. */
bool result_sort_may_want(const struct result_memory *m, const struct query_row *row);
void result_sort_finish(struct result *r);
/* Numbers in the order of addr_compare(), as far as 62 bits go. */
uint64_t result_addr_tie(const struct addr *a);
/* Grows an array by one when it is full. */
void *result_room(void *p, size_t n, size_t *room, size_t size);

/*
 * One for each kind of view: goes on with the query from m->stage and m->at, and takes what it did
 * from *work, which counts rows. True when the result is whole. ...
 */
bool step_groups(struct result *r, size_t *work);
bool step_connections(struct result *r, size_t *work);
bool step_endings(struct result *r, size_t *work);
bool step_graph(struct result *r, size_t *work);
bool step_findings(struct result *r, size_t *work);
/* ... and make the row of that number; of groups, the row at that place of the result. */
void row_of_group(struct result_memory *m, uint64_t place, struct query_row *row);
void row_of_connection(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_ending(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_step(struct result_memory *m, uint64_t number, struct query_row *row);
void row_of_finding(struct result_memory *m, uint64_t number, struct query_row *row);

void result_free_lines(struct result_memory *m);
/* Gives back what belonged to the last query alone. */
void grouping_begin(struct grouping *g);
/* Forgets the groups, unless they have that basis. */
void grouping_rebase(struct grouping *g, const struct grouping_basis *basis);
/*
 * Makes room for so many handles, which may mean that their groups have to be found anew; when all
 * are in their groups, for their sums.
 */
void grouping_room(struct grouping *g, uint32_t handles);
void grouping_sums(struct grouping *g);
void grouping_free(struct grouping *g);
/* What `from` needed to be made, and needs no more, is for making `to`. Its rows stay. */
void grouping_hand_over(struct grouping *from, struct grouping *to);
/* The group of that identity; a new one has that conversation's key. */
uint32_t group_find(struct grouping *g, uint64_t id, uint32_t handle);
/* A group that is known to be new, and not to be looked for. */
uint32_t group_add(struct grouping *g, uint64_t id, uint32_t handle);
/* Remembers a peer, by its hash with the group's, which is not 0. False: it was known. */
bool group_note_peer(struct grouping *g, uint64_t hash);

/* Whether a filter asks anything of rows, or of conversations. */
bool query_has_after(const struct query *q);
bool query_has_before(const struct query *q);
/* What sorting and filtering look at of a row. */
struct needs {
	bool counter[COUNTER_COUNT];
	bool peers;
	unsigned keys; /* parts of the conversation's: KEY_CLIENT ... */
};
/* Mark what the value of the column is made of, what is asked of rows, and what of conversations. */
void column_needs(const struct column *col, struct needs *n);
void filter_needs(const struct filter *f, struct needs *n);
void filter_needs_before(const struct filter *f, struct needs *n);

#define BY_CLIENT KEY_CLIENT
#define BY_SERVER KEY_SERVER
#define BY_PORT_NUMBER KEY_PORT
#define BY_ZONE_CLIENT 0x08
#define BY_ZONE_SERVER 0x10

struct row_key {
	struct conversation_key key;
	const char *zone[2];
};

/* What the view groups by, BY_*; 0: it shows no sums. */
unsigned group_keys(enum view view);
/* The part of a conversation's key that it groups by, the rest is zero; and a hash of that, never 0. */
struct row_key group_key_of(struct result_memory *m, unsigned keys, const struct conversation_key *from);
uint64_t group_id(struct result_memory *m, unsigned keys, const struct conversation_key *key);
/* Of a group and the peer that a conversation has in it; 0: nobody that could be counted. */
uint64_t group_peer_hash(enum view view, uint32_t group, const struct conversation_key *key);
/*
 * Parts of the conversation's key that rows of the view are grouped by, and whom it counts as peers
 * (0: nobody).
 */
unsigned group_parts(enum view view);
unsigned group_peers(enum view view);
/* Whether a row of the view is all conversations that agree in those parts, and no other. */
bool group_is_exact(enum view view);

#endif
