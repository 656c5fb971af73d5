/*
 * Giving up rights. Capabilities belong to a thread, so this comes before there is a second one.
 * Packet sockets that are open stay open, and so do files; filters and statistics of an open socket
 * need no rights.
 *
 * With libcap-ng: all capabilities go, also those that setcap gave the program, and their bounding
 * set. Without it: root goes, which takes the capabilities with it; those of setcap, and of root
 * that has nobody to become, stay.
 */
#include "config.h"

#include "capture/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef HAVE_LIBCAP_NG
#include <cap-ng.h>
#endif

#include "util/err.h"

#define ID_NOBODY 65534

/* A user or group number of sudo; 0 when there is none that would help. */
static unsigned long sudo_id(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	unsigned long id;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	id = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && id < (uid_t)-1 ? id : 0;
}

/* Who to be instead of root: who started a setuid program, who called sudo, else nobody. */
static void choose_user(uid_t *uid, gid_t *gid)
{
	const struct passwd *nobody;

	*uid = getuid();
	*gid = getgid();
	if (*uid != 0)
		return;
	*uid = (uid_t)sudo_id("SUDO_UID");
	*gid = (gid_t)sudo_id("SUDO_GID");
	if (*uid != 0 && *gid != 0)
		return;
	nobody = getpwnam("nobody");
	*uid = nobody ? nobody->pw_uid : ID_NOBODY;
	*gid = nobody ? nobody->pw_gid : ID_NOBODY;
}

#ifdef HAVE_LIBCAP_NG

static bool drop_root(uid_t uid, gid_t gid, struct err *err)
{
	int status;

	capng_clear(CAPNG_SELECT_BOTH);
	errno = 0;
	status = capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	if (status == 0)
		return true;
	err_set(err, "cannot become user %lu (libcap-ng says %d)", (unsigned long)uid, status);
	err->code = errno;
	return false;
}

static bool drop_capabilities(struct err *err)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) == 0)
		return true;
	return err_set(err, "cannot give up capabilities");
}

#else

static bool drop_root(uid_t uid, gid_t gid, struct err *err)
{
	if (setgroups(0, NULL) == 0 && setgid(gid) == 0 && setuid(uid) == 0)
		return true;
	return err_set_errno(err, errno, "cannot become user %lu", (unsigned long)uid);
}

static bool drop_capabilities(struct err *err)
{
	(void)err;
	return true;
}

#endif

/*
 * In a user namespace that knows one user only ("unshare -r") root is somebody else outside and has
 * nobody to become: giving up the capabilities is all there is to do.
 */
static bool is_lone_user(void)
{
	unsigned long inside, outside, count;
	FILE *f = fopen("/proc/self/uid_map", "re");
	bool lone;

	if (!f)
		return false;
	lone = fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3 && count == 1;
	fclose(f);
	return lone;
}

bool privs_drop(struct err *err)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() == 0) {
		choose_user(&uid, &gid);
		if (!drop_root(uid, gid, err) && !(is_lone_user() && drop_capabilities(err)))
			return false;
	} else if (!drop_capabilities(err))
		return false;
#if defined(__linux__) && defined(PR_SET_NO_NEW_PRIVS)
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
	/* Whoever can come back has given up nothing. */
	if (getuid() != 0 && setuid(0) == 0)
		return err_set(err, "rights could be taken back");
	return true;
}
