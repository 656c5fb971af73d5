/* Giving up rights once everything is open. */
#ifndef TCPTOP_CAPTURE_PRIVS_H
#define TCPTOP_CAPTURE_PRIVS_H

#include <stdbool.h>

struct err;

/*
 * Gives up root (for the user that called sudo, else for "nobody") and all capabilities, for good.
 * Call it after devices, files to read and files to save to are open and settings are read, and
 * before the first thread starts. Does nothing, successfully, where there is nothing to give up.
 * False with err when rights would remain.
 */
bool privs_drop(struct err *err);

#endif
