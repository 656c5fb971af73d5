/*
 * Files to be read by and by, more of them than may be open at a time: the one that was opened
 * longest ago is closed and opened again, by name, when it is read on. All of them belong to one
 * thread.
 */
#ifndef TCPTOP_CAPTURE_HANDLES_H
#define TCPTOP_CAPTURE_HANDLES_H

#include <stddef.h>
#include <sys/stat.h>

struct handle;
struct handles;

/*
 * For so many files; `most` may be open at a time, 0: as many as the system lets us have, which is
 * asked for.
 */
struct handles *handles_new(size_t files, size_t most);
/* When all its handles are freed. NULL is fine. */
void handles_free(struct handles *hs);

/* Takes over the open file of that name. */
struct handle *handle_new(struct handles *hs, const char *path, int fd, const struct stat *st);
/* Closes what is open. NULL is fine. */
void handle_free(struct handle *h);
/*
 * The file, open until the next call; -1 and errno when it is gone, another one by now (ESTALE) or
 * may not be read.
 */
int handle_fd(struct handle *h);

#endif
