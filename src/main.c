/* Wires the parts together: options -> sources -> workers -> store -> app -> terminal. */
#include "config.h"

#include <stdio.h>

int main(void)
{
	fprintf(stderr, "tcptop: not wired yet\n");
	return 1;
}
