/*
 * Whether curses can work here, asked before it may end the program itself. Apart, because <term.h>
 * takes many names.
 */
#ifndef TCPTOP_TERM_TERMINFO_H
#define TCPTOP_TERM_TERMINFO_H

#include <stdbool.h>

struct err;

bool terminfo_check(struct err *err);

#endif
