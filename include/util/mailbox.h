/*
 * Things handed from thread to thread, in order. Whoever takes a thing out owns it. The only place
 * with locks.
 */
#ifndef TCPTOP_UTIL_MAILBOX_H
#define TCPTOP_UTIL_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct mailbox; /* opaque; every call but new and free may come from any thread */

/* Holds at most `room` things. NULL with err set when the system has no file descriptors left. */
struct mailbox *mailbox_new(size_t room, struct err *err);
/* What is still inside is forgotten, not freed. NULL is fine. */
void mailbox_free(struct mailbox *m);

/* Adds a thing (not NULL) and what it is. False, and still the caller's, when the mailbox is full or closed. */
bool mailbox_put(struct mailbox *m, int kind, void *thing);
/* The oldest thing, and in *kind (may be NULL) what it is. NULL when there is none. Never blocks. */
void *mailbox_take(struct mailbox *m, int *kind);
/* As take, but waits for a thing. NULL when the mailbox is empty and closed. */
void *mailbox_wait(struct mailbox *m, int *kind);
/* Nothing more goes in, and nobody waits any more. What is inside can be taken. */
void mailbox_close(struct mailbox *m);

/* For poll(): readable while there is something to take, and for ever once closed. */
int mailbox_fd(const struct mailbox *m);

#endif
