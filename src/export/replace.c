/* Write beside, flush to the disk, rename: a reader sees the old file or the new one, never half of it. */
#include "config.h"

#include "export/replace.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

static void forget(struct replace *r)
{
	mem_free(r->path);
	mem_free(r->beside);
	*r = (struct replace){ 0 };
}

bool replace_begin(struct replace *r, const char *path, struct err *err)
{
	struct str name = STR_INIT;
	int fd;

	str_addf(&name, "%s.XXXXXX", path);
	fd = mkstemp(name.s);
	if (fd < 0) {
		err_set_errno(err, errno, "%s: cannot write", path);
		str_free(&name);
		return false;
	}
	*r = (struct replace){ .file = fdopen(fd, "w"), .path = mem_strdup(path), .beside = name.s };
	if (r->file)
		return true;
	err_set_errno(err, errno, "%s: cannot write", path);
	close(fd);
	unlink(r->beside);
	forget(r);
	return false;
}

bool replace_end(struct replace *r, struct err *err)
{
	bool ok = fflush(r->file) == 0 && !ferror(r->file) && fsync(fileno(r->file)) == 0;

	ok = fclose(r->file) == 0 && ok;
	ok = ok && rename(r->beside, r->path) == 0;
	if (!ok) {
		err_set_errno(err, errno, "%s: cannot write", r->path);
		unlink(r->beside);
	}
	forget(r);
	return ok;
}

void replace_abandon(struct replace *r)
{
	fclose(r->file);
	unlink(r->beside);
	forget(r);
}
