/* What the tables know, as documents: they are kept in doc/ and completions/ and never written by hand. */
#ifndef TCPTOP_DUMP_H
#define TCPTOP_DUMP_H

struct str;

void dump_man(struct str *out);	     /* doc/tcptop.1 */
void dump_markdown(struct str *out); /* doc/reference.md */
void dump_endings(struct str *out); /* doc/endings.md */
void dump_complete(struct str *out); /* completions/tcptop, for bash */
void dump_zsh(struct str *out);	     /* completions/_tcptop */
void dump_fish(struct str *out);     /* completions/tcptop.fish */
void dump_config(struct str *out);   /* a configuration file with every default, commented out */

#endif
