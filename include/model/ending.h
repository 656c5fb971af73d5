/* Endings, their groups, evidence and attributes: the tables behind every word about how connections end. */
#ifndef TCPTOP_MODEL_ENDING_H
#define TCPTOP_MODEL_ENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ending {
	ENDING_NONE, /* open: no ending yet; its name is "" */
#define ENDING(id, ...) ENDING_##id,
#include "model/endings.def"
#undef ENDING
	ENDING_COUNT
};

enum ending_group {
	GROUP_NONE,
#define GROUP(id, ...) GROUP_##id,
#include "model/groups.def"
#undef GROUP
	GROUP_COUNT
};

enum harm { HARM_FINE, HARM_MILD, HARM_BAD };

enum confidence { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

struct ending_info {
	const char *name, *sentence, *meaning, *check;
	char letter;
	enum ending_group group;
	enum harm harm;
};

struct group_info {
	const char *name, *head, *words;
};

struct word_info { /* one row of evidence.def or attributes.def */
	const char *name, *words;
};

/* Bit numbers; the masks are EVIDENCE_BIT(X) and ATTRIBUTE_BIT(X). */
enum evidence {
#define EVIDENCE(id, ...) EVIDENCE_##id,
#include "model/evidence.def"
#undef EVIDENCE
	EVIDENCE_COUNT
};
enum attribute {
#define ATTRIBUTE(id, ...) ATTRIBUTE_##id,
#include "model/attributes.def"
#undef ATTRIBUTE
	ATTRIBUTE_COUNT
};
#define EVIDENCE_BIT(id) (UINT64_C(1) << EVIDENCE_##id)
#define ATTRIBUTE_BIT(id) (UINT32_C(1) << ATTRIBUTE_##id)

/* Indexed by the enums above; [ENDING_NONE] and [GROUP_NONE] have empty names. */
extern const struct ending_info ending_info[ENDING_COUNT];
extern const struct group_info group_info[GROUP_COUNT];
extern const struct word_info evidence_info[EVIDENCE_COUNT];
extern const struct word_info attribute_info[ATTRIBUTE_COUNT];

/* The ending of that name, or ENDING_COUNT. */
enum ending ending_by_name(const char *name);
/* "", "low", "medium", "high". */
const char *confidence_name(enum confidence c);

#endif
