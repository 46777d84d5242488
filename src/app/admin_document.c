/* SPDX-License-Identifier: Apache-2.0 */
#include "app/admin_document.h"

#include "base/invariant.h"
#include "gateway/openapi/openapi.h"
#include "gateway/v2_operations.h"
#include "v2/access.h"

#define JSON "application/json"

#define V2_HERE_COUNT (V2_TRACE_UPDATE + 1u)

enum { PATH_COUNT_MAX = 64 };

/* --- releases --- */

#define REFUSED \
    (OPERATION_ACCESS_REFUSALS | OPERATION_REFUSAL(CONFLICT) | OPERATION_REFUSAL(BUSY))

#define READING                                             \
    .tag = "models", .answer_type = JSON, .has_text = true, \
    .refusals = REFUSED | OPERATION_REFUSAL(NOT_FOUND)

#define CHANGING(schema_)                                                               \
    .tag = "models", .answer = "It is made, or was so already.", .answer_type = JSON,   \
    .schema = "AdminRelease", .has_text = true, .body = OPERATION_JSON_BODY,            \
    .body_schema = (schema_),                                                           \
    .refusals = REFUSED | OPERATION_REFUSAL(NOT_FOUND) | OPERATION_REFUSAL(TOO_LARGE) | \
                OPERATION_REFUSAL(UNSUPPORTED_TYPE)

#define WHEN_MADE \
    " It is answered when the release is made, which goes on though the client leaves."

static const struct operation of_manage[MANAGE_OPERATION_COUNT] = {
    [MANAGE_LIST] = {READING, .summary = "How models stand",
                     .description =
                         "All of the repository, or one: versions, tags, whether "
                         "each is usable, and the canary that is under way.",
                     .answer = "Each with its versions and tags.", .schema = "AdminModels"},
    [MANAGE_HISTORY] = {READING, .summary = "The releases of a model",
                        .description =
                            "Who made each, when and why, and whether the records "
                            "are whole.",
                        .answer = "Its releases, oldest first.", .schema = "AdminHistory"},
    [MANAGE_DOCUMENT] = {.tag = "documentation",
                         .summary = "This document",
                         .description =
                             "OpenAPI 3.1, made from the tables that this process runs on.",
                         .answer = "The document.",
                         .answer_type = JSON,
                         .schema = "OpenApi"},
    [MANAGE_CANARY] = {CHANGING("AdminCanary"),
                       .summary = "Have a version answer a part, change that, or end it",
                       .description = "The canary is held against what serves, and rolled "
                                      "back where it is worse." WHEN_MADE},
    [MANAGE_PROMOTE] = {CHANGING("AdminPromotion"), .summary = "Have a version serve",
                        .description = "Without a version, the canary." WHEN_MADE},
    [MANAGE_ROLLBACK] = {CHANGING("AdminRollback"), .summary = "Go back",
                         .description =
                             "The canary that is under way ends; without one, what served "
                             "before does again, or the version that is named." WHEN_MADE},
    [MANAGE_DISABLE] = {CHANGING("AdminSwitch"), .summary = "Have no version answer",
                        .description = "Tags stay." WHEN_MADE},
    [MANAGE_ENABLE] = {CHANGING("AdminSwitch"), .summary = "Have it answer again",
                       .description = "As its tags say." WHEN_MADE},
};

struct operation admin_operation_of_manage(enum manage_operation operation)
{
    struct operation it = of_manage[operation];
    it.id = manage_operation_id(operation);
    it.scope = manage_operation_scope(operation);
    return it;
}

/* --- what manages the engine --- */

#define OF_V2 .tag = "v2", .speaks_v2 = true
#define OF_ENGINE                                              \
    (OPERATION_ACCESS_REFUSALS | OPERATION_REFUSAL(CONFLICT) | \
     OPERATION_REFUSAL(NOT_FOUND) | OPERATION_REFUSAL(BUSY) | OPERATION_REFUSAL(TIMEOUT))

static const struct operation of_v2[V2_HERE_COUNT] = {
    [V2_INDEX] = {OF_V2, .answer_type = JSON, .id = "v2_index",
                  .summary = "The versions that the engine has",
                  .description = "Each version of each model, and what became of it.",
                  .answer = "Their states.", .schema = "AdminV2Index",
                  .body = OPERATION_JSON_BODY, .body_schema = "AdminV2IndexRequest",
                  .body_is_optional = true, .refusals = OF_ENGINE},
    [V2_LOAD] = {OF_V2, .id = "v2_load", .summary = "Load a model",
                 .description =
                     "Its versions, as its configuration says, or the one that is "
                     "sent. Refused where the repository says what serves.",
                 .answer = "It is loaded.", .answer_type = "", .body = OPERATION_JSON_BODY,
                 .body_schema = "AdminV2LoadRequest", .body_is_optional = true,
                 .refusals = OF_ENGINE},
    [V2_UNLOAD] = {OF_V2, .id = "v2_unload", .summary = "Unload a model",
                   .description = "Refused where the repository says what serves.",
                   .answer = "It is not there any more.", .answer_type = "",
                   .body = OPERATION_JSON_BODY, .body_schema = "AdminV2UnloadRequest",
                   .body_is_optional = true, .refusals = OF_ENGINE},
    [V2_LOGGING] = {OF_V2, .answer_type = JSON, .id = "v2_logging",
                    .summary = "From which level on is logged",
                    .description = "In the words of Triton.", .answer = "The settings.",
                    .schema = "AdminV2Logging", .refusals = OPERATION_ACCESS_REFUSALS},
    [V2_LOGGING_UPDATE] = {OF_V2, .answer_type = JSON, .id = "v2_logging_update",
                           .summary = "Log more, or less",
                           .description = "What is not named stays.",
                           .answer = "The settings as they are now.",
                           .schema = "AdminV2Logging", .body = OPERATION_JSON_BODY,
                           .body_schema = "AdminV2LoggingRequest",
                           .refusals = OPERATION_ACCESS_REFUSALS},
    [V2_TRACE] = {OF_V2, .answer_type = JSON, .id = "v2_trace",
                  .summary = "That Triton's traces are off",
                  .description = "The same for each model.", .answer = "They are off.",
                  .schema = "AdminV2Trace",
                  .refusals = OPERATION_ACCESS_REFUSALS | OPERATION_REFUSAL(NOT_FOUND)},
    [V2_TRACE_UPDATE] = {OF_V2, .answer_type = JSON, .id = "v2_trace_update",
                         .summary = "What is so already is taken",
                         .description = "The extension is not there.",
                         .answer = "They are off.", .schema = "AdminV2Trace",
                         .body = OPERATION_JSON_BODY, .body_schema = "AdminV2TraceRequest",
                         .refusals =
                             OPERATION_ACCESS_REFUSALS | OPERATION_REFUSAL(NOT_FOUND)},
};

/* Of what a gateway may answer of its engines: who is asked here is the engine, and callers
 * are not limited. */
static struct operation as_engine(const struct operation *of_gateway)
{
    struct operation it = *of_gateway;
    it.is_of_model = false;
    it.refusals &= ~(OPERATION_REFUSAL(RATE_LIMITED) | OPERATION_REFUSAL(BAD_UPSTREAM));
    return it;
}

struct operation admin_operation_of_v2(enum v2_operation operation)
{
    struct operation it =
        operation < V2_TOLD_COUNT ? as_engine(&v2_operations[operation]) : of_v2[operation];
    it.scope = v2_access_scope(operation);
    return it;
}

/* --- the document --- */

struct table {
    struct operation manage[MANAGE_OPERATION_COUNT];
    struct operation v2[V2_HERE_COUNT];
    struct openapi_path paths[PATH_COUNT_MAX];
    size_t count;
};

static void add(struct table *table, enum http_method method, const char *path,
                const struct operation *operation)
{
    INVARIANT(table->count < PATH_COUNT_MAX);
    table->paths[table->count++] = (struct openapi_path){method, path, operation};
}

static void add_manage(struct table *table)
{
    for (enum manage_operation i = MANAGE_LIST; i < MANAGE_OPERATION_COUNT; i++) {
        table->manage[i] = admin_operation_of_manage(i);
    }
    for (size_t i = 0; i < manage_form_count; i++) {
        const struct manage_form *form = &manage_forms[i];
        add(table, manage_operation_method(form->operation), form->path,
            &table->manage[form->operation]);
    }
}

/* "/v2/" is "/v2" once more, and its description says so. */
static void add_v2(struct table *table)
{
    for (enum v2_operation i = V2_SERVER; i < V2_HERE_COUNT; i++) {
        table->v2[i] = admin_operation_of_v2(i);
    }
    for (size_t i = 0; i < v2_form_count; i++) {
        const struct v2_form *form = &v2_forms[i];
        if (form->operation < V2_HERE_COUNT && strcmp(form->path, "/v2/") != 0) {
            add(table, form->method, form->path, &table->v2[form->operation]);
        }
    }
}

void admin_document_write(const struct admin_document *document, struct writer *out)
{
    static const struct repository none;
    struct table table = {.count = 0};
    add_manage(&table);
    if (document->has_engine) {
        add_v2(&table);
    }
    const struct openapi_paths paths = {table.paths, table.count};
    openapi_write(&(struct openapi){.admin = &paths,
                                    .repository = &none,
                                    .body_size_bytes_max = document->body_size_bytes_max,
                                    .has_issuer = document->has_issuer},
                  out);
}
