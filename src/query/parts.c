/*
 * What a question needs to be told apart. The hard part is who is counted: a row that is all
 * conversations of one part of the key can count the other ends as they come; any other needs them
 * told apart to the end.
 */
#include "config.h"

#include "query/result.h"

void query_parts(const struct query *q, const struct column *const *col, size_t n, struct query_parts *out)
{
	unsigned own = group_parts(q->view), peers = group_peers(q->view), parts;
	struct needs need = {.peers = false};

	for (size_t i = 0; i < n; i++)
		column_needs(col[i], &need);
	if (q->sort)
		column_needs(q->sort, &need);
	for (int i = 0; i < 2; i++) {
		filter_needs(q->filter[i], &need);
		filter_needs_before(q->filter[i], &need);
	}
	parts = own | need.keys;
	out->peers = 0;
	if (need.peers && parts == own && group_is_exact(q->view))
		out->peers = peers & ~own;
	else if (need.peers)
		parts |= peers;
	out->leave_out = KEY_WHOLE & ~parts;
}
