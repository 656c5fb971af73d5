/* The description of the terminal that TERM names. */
#include "config.h"

#include "term/terminfo.h"

#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include "util/err.h"

bool terminfo_check(struct err *err)
{
	const char *name = getenv("TERM");
	int status;
	bool moves;

	if (!name || !*name)
		return err_set(err, "TERM is not set; set it to your terminal's name, or use --batch");
	if (setupterm(name, STDOUT_FILENO, &status) == ERR)
		return err_set(err, "Error opening terminal: %s (no description of it; use --batch)",
			name);
	moves = cursor_address != NULL && cursor_address != (char *)-1;
	del_curterm(cur_term);
	return moves || err_set(err, "terminal \"%s\" cannot position the cursor; use --batch", name);
}
