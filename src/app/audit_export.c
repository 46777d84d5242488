/* SPDX-License-Identifier: Apache-2.0 */
/* galen audit export: records as other systems take them. */
#include "app/audit_export.h"

#include <stdio.h>

#include "base/limits.h"

static const struct audit_exporter *const exporters[] = {
    &audit_elasticsearch_exporter,
    &audit_loki_exporter,
    &audit_fhir_exporter,
};

enum { EXPORTER_COUNT = sizeof(exporters) / sizeof(exporters[0]) };

struct export
{
    struct audit_filter filter;
    struct audit_trails trails;
    const struct audit_exporter *exporter;
    const char *index;
    void *state;
    struct writer out;
};

static bool take_format(void *field, const char *value)
{
    const struct audit_exporter **exporter = field;
    for (size_t i = 0; i < EXPORTER_COUNT; i++) {
        if (strcmp(exporters[i]->name, value) == 0) {
            *exporter = exporters[i];
            return true;
        }
    }
    (void)audit_complain(value, "is no format: elasticsearch, loki or fhir");
    return false;
}

static const struct option options[] = {
    AUDIT_FILTER_OPTIONS(struct export),
    OPTION_READ("--format", struct export, exporter, take_format),
    OPTION_TEXT("--index", struct export, index),
    OPERANDS(struct export, trails, audit_trails_add),
    {.name = NULL},
};

static bool read_wish(int count, char **words, struct export *export)
{
    if (!arguments_read(options, count, words, export)) {
        return false;
    }
    if (export->trails.count == 0 || export->exporter == NULL) {
        (void)audit_complain("export", "needs --format FORMAT and a trail; see galen audit "
                                       "export --help");
        return false;
    }
    return true;
}

static enum galen_status print(struct export *export)
{
    const struct bytes text = writer_bytes(&export->out);
    TRY(export->out.status);
    const bool is_written = fwrite(text.data, 1, text.size, stdout) == text.size;
    writer_shrink(&export->out, text.size);
    return is_written ? GALEN_OK : GALEN_UNAVAILABLE;
}

static enum galen_status export_entry(void *context, const struct audit_entry *entry)
{
    struct export *export = context;
    TRY(export->exporter->put(export->state, entry, &export->out));
    return print(export);
}

static enum exit_code finish(struct export *export, enum exit_code code)
{
    if (code == EXIT_USAGE || export->exporter->flush == NULL) {
        return code;
    }
    enum galen_status status = export->exporter->flush(export->state, &export->out);
    if (status == GALEN_OK) {
        status = print(export);
    }
    return status == GALEN_OK ? code : audit_complain("export", galen_status_text(status));
}

static enum exit_code run_with_state(struct export *export)
{
    const struct audit_exporter *exporter = export->exporter;
    if (exporter->open != NULL) {
        export->state = exporter->open(export->index);
        if (export->state == NULL) {
            return audit_complain("export", galen_status_text(GALEN_NO_MEMORY));
        }
    }
    writer_init(&export->out, LIMIT_JSON_DOCUMENT_SIZE_BYTES_MAX);
    const enum exit_code code =
        finish(export, audit_read(&export->trails, &export->filter, export_entry, export));
    writer_deinit(&export->out);
    if (exporter->close != NULL) {
        exporter->close(export->state);
    }
    return code;
}

static enum exit_code run(int argument_count, char **arguments)
{
    struct export export = {.index = "galen-audit"};
    return read_wish(argument_count, arguments, &export) ? run_with_state(&export)
                                                         : EXIT_USAGE;
}

const struct audit_command audit_export_command = {
    .name = "export",
    .help =
        "Usage: galen audit export --format FORMAT [OPTION]... TRAIL...\n\n"
        "Prints the records that all options choose, chain by chain, as another system "
        "takes\n"
        "them.\n\n"
        "  --format elasticsearch   for POST /_bulk: an index action and the record, with\n"
        "                           @timestamp in front. Its _id is CHAIN/SEQ, so a "
        "second\n"
        "                           import does not double it\n"
        "  --format loki            for POST /loki/api/v1/push: a body a line, labels "
        "job,\n"
        "                           service, event and outcome, the record as it stands\n"
        "  --format fhir            AuditEvent resources of FHIR R4, one a line\n"
        "  --index NAME             of Elasticsearch; galen-audit\n"
        "  --request ID, --model M, --version V, --outcome O, --event E\n"
        "                           as in galen audit search\n" AUDIT_FILTER_TIME_HELP
        "\nNothing is verified here. Exit codes: 0 done, 1 something that is no record "
        "was\n"
        "passed over, 2 wrong usage, no such trail, or the output cannot be written.\n",
    .run = run,
};
