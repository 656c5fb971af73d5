#include "config.h"

#include "model/ending.h"

#include <string.h>

#define BAD HARM_BAD
#define MILD HARM_MILD
#define FINE HARM_FINE

const struct ending_info ending_info[ENDING_COUNT] = {
	[ENDING_NONE] = {.name = "", .sentence = "open", .meaning = "", .check = "", .letter = ' '},
#define ENDING(id, name_, letter_, group_, harm_, sentence_, meaning_, check_) \
	[ENDING_##id] = {.name = name_, .sentence = sentence_, .meaning = meaning_, .check = check_, \
		.letter = letter_, .group = GROUP_##group_, .harm = harm_},
#include "model/endings.def"
#undef ENDING
};

const struct group_info group_info[GROUP_COUNT] = {
	[GROUP_NONE] = {"", "", ""},
#define GROUP(id, name, head, words) [GROUP_##id] = {name, head, words},
#include "model/groups.def"
#undef GROUP
};

const struct word_info evidence_info[EVIDENCE_COUNT] = {
#define EVIDENCE(id, name, words) [EVIDENCE_##id] = {name, words},
#include "model/evidence.def"
#undef EVIDENCE
};

const struct word_info attribute_info[ATTRIBUTE_COUNT] = {
#define ATTRIBUTE(id, name, words) [ATTRIBUTE_##id] = {name, words},
#include "model/attributes.def"
#undef ATTRIBUTE
};

_Static_assert(EVIDENCE_COUNT <= 64, "evidence is a 64-bit mask");
_Static_assert(ATTRIBUTE_COUNT <= 32, "attributes are a 32-bit mask");

enum ending ending_by_name(const char *name)
{
	int e;

	for (e = ENDING_NONE + 1; e < ENDING_COUNT; e++)
		if (!strcmp(ending_info[e].name, name))
			return e;
	return ENDING_COUNT;
}

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = {
		[CONFIDENCE_NONE] = "",
		[CONFIDENCE_LOW] = "low",
		[CONFIDENCE_MEDIUM] = "medium",
		[CONFIDENCE_HIGH] = "high",
	};

	return names[c];
}
