/*
 * Questions of the screen. They are worked on in pieces, so that a million rows make no key wait;
 * how large a piece is says who has the loop (app_conf.piece), and without a loop all is one piece.
 */
#include "config.h"

#include "ui/page.h"
#include "util/err.h"

bool ask_begin(struct app *a, struct ask *ask, const struct query *query, const char *scope, const char *filter)
{
	struct err err = ERR_INIT;

	ask_close(ask);
	ask->query = *query;
	ask->query.filter[0] = ask->filter[0] = filter_parse(query->view, scope, &err, NULL);
	ask->query.filter[1] = ask->filter[1] = filter_parse(query->view, filter, &err, NULL);
	if (!ask->filter[0] || !ask->filter[1]) {
		ask_close(ask);
		return false;
	}
	query_begin(a->conf.store, &ask->query, &ask->result);
	ask->open = true;
	return true;
}

void ask_close(struct ask *ask)
{
	filter_free(ask->filter[0]);
	filter_free(ask->filter[1]);
	ask->filter[0] = ask->filter[1] = NULL;
	ask->open = false;
}

void ask_free(struct ask *ask)
{
	ask_close(ask);
	result_free(&ask->result);
}

size_t ask_piece(const struct app *a)
{
	return a->conf.piece ? a->conf.piece : SIZE_MAX;
}
