/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `galen model` that read or make releases are told: the settings,
 * by which they find the repository and the audit trail, and their own options. */
#pragma once

#include "app/command.h"
#include "base/writer.h"
#include "net/tls_files.h"
#include "service/settings.h"

#define MODEL_WORD_COUNT_MAX 2u

/* A bit each: what a subcommand takes. --config, --set, --repository, --json and what
 * belongs to --admin all do. */
enum model_option {
    MODEL_OPTION_RELEASE = 1, /* --actor, --reason, --expect */
    MODEL_OPTION_TAG = 2,
    MODEL_OPTION_TO = 4,
    MODEL_OPTION_CANARY = 8, /* --version, --percent, --shadow, --auto, --stop */
    MODEL_OPTION_ENGINE = 16,
};

/* Who asks over the network, for the audit trail. */
struct model_asker {
    struct bytes client_id;
    struct bytes subject;
    struct bytes issuer;
    const uint8_t *token_hmac; /* NULL: it has no id, or there is no token */
};

/* Texts are borrowed: the command line's. */
struct model_wish {
    struct settings settings;
    const char *words[MODEL_WORD_COUNT_MAX]; /* NULL: there are fewer */
    bool is_json;
    const char *admin; /* the URL of who is asked to do it; NULL: it is done here */
    const char *token_file;
    struct tls_files tls;
    const char *actor;               /* NULL: none is named */
    const struct model_asker *asker; /* NULL: who is at this machine */
    const char *reason;
    const char *tag;
    bool expects;
    uint64_t expected;
    uint64_t to;        /* 0: none is named */
    const char *engine; /* NULL: none is named */

    uint64_t version; /* of a promotion or a canary; 0: none is named */

    /* of a canary */
    bool has_share;
    uint32_t share; /* of RELEASE_WHOLE, as shadow */
    bool has_shadow;
    uint32_t shadow;
    bool has_promotes;
    bool promotes;
    bool stops;
    uint64_t started; /* of who decides by itself: the release that its canary began with */
};

/* What a subcommand needs to be told. */
struct model_syntax {
    const char *name; /* "promote" */
    size_t word_count_min;
    size_t word_count_max;
    unsigned options; /* of enum model_option */
};

/* False: what is wrong has been said on stderr, and the program ends with EXIT_USAGE. */
bool model_wish_read(const struct model_syntax *syntax, int count, char **words,
                     struct model_wish *out_wish);

/* A version's number. */
bool model_version_parse(const char *text, uint64_t *out_version);

/* Says on stderr what is wrong. What is wrong with the command, the configuration or the
 * models is EXIT_USAGE; what the machine or somebody else prevents is EXIT_FAILED. */
enum exit_code model_fail(enum galen_status status, const struct error *error);

/* All of it, on stdout. */
void model_print(const struct writer *text);

/* EXIT_FAILED where not all of standard output could be written. */
enum exit_code model_finish(enum exit_code code);

#define MODEL_HELP                                                            \
    "  --repository DIR    the folder of models; of the settings otherwise\n" \
    "  --config FILE       a YAML file of settings\n"                         \
    "  --set KEY=VALUE     one setting; over the file and the environment\n"  \
    "  --json              one JSON object\n"                                 \
    "  --admin URL         has a running galen do it: its listen.admin\n"     \
    "  --token-file FILE   with the access token of the file\n"               \
    "  --ca FILE           who certifies an https one\n"                      \
    "  --certificate FILE, --key FILE\n"                                      \
    "                      whom to be, where it asks\n"

#define MODEL_RELEASE_HELP                                                \
    "  --reason TEXT       why, for the record; no patient's data\n"      \
    "  --actor NAME        who, for the record; USER@MACHINE otherwise\n" \
    "  --expect VERSION    only if the tag names this version now; 0: none\n" MODEL_HELP
