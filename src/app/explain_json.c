/* SPDX-License-Identifier: Apache-2.0 */
#include "app/explain_json.h"

#include "codec/json_writer.h"

static void put_text(struct json_writer *json, const char *name, const char *text)
{
    json_put_name(json, name);
    json_put_cstring(json, text);
}

static void put_count(struct json_writer *json, const char *name, uint64_t count)
{
    json_put_name(json, name);
    json_put_u64(json, count);
}

static void put_bool(struct json_writer *json, const char *name, bool value)
{
    json_put_name(json, name);
    json_put_bool(json, value);
}

static void put_parts(struct json_writer *json, const struct explained *it)
{
    struct explained_part parts[EXPLAINED_PART_COUNT_MAX];
    const size_t count = explained_parts(it, parts);
    json_put_name(json, "parts");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(json);
        put_text(json, "name", parts[i].name);
        put_count(json, "began_us", parts[i].began_us);
        put_count(json, "took_us", parts[i].took_us);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_fault(struct json_writer *json, const struct explained *it)
{
    if (it->fault.kind == AUDIT_FAULT_NONE) {
        return;
    }
    json_put_name(json, "fault");
    json_begin_object(json);
    put_count(json, "seq", it->fault.seq);
    put_text(json, "kind", audit_fault_slug(it->fault.kind));
    put_text(json, "text", audit_fault_text(it->fault.kind));
    if (it->fault_file[0] != '\0') {
        put_text(json, "file", it->fault_file);
    }
    json_end_object(json);
}

static void put_proof(struct json_writer *json, const struct explained *it)
{
    static const char *const names[] = {
        [EXPLAINED_UNCOVERED] = "uncovered",
        [EXPLAINED_PROVED] = "proved",
        [EXPLAINED_UNPROVED] = "unproved",
    };
    put_text(json, "proof", names[it->proof]);
    if (it->proof == EXPLAINED_PROVED) {
        json_put_name(json, "checkpoint");
        json_begin_object(json);
        put_count(json, "size", it->checkpoint_size);
        json_put_name(json, "root");
        json_put_string(json, bytes_of(it->checkpoint_root, sizeof(it->checkpoint_root)));
        json_end_object(json);
    }
}

static void put_record(struct json_writer *json, const struct explained *it)
{
    json_begin_object(json);
    put_text(json, "trail", it->trail);
    put_text(json, "chain", it->chain);
    put_count(json, "seq", it->seq);
    put_bool(json, "chain_ok", it->is_checked && it->fault.kind == AUDIT_FAULT_NONE);
    put_fault(json, it);
    put_proof(json, it);
    put_parts(json, it);
    json_put_name(json, "record");
    json_put_raw(json, it->entry.line);
    json_end_object(json);
}

void explain_json_put(const struct explanation *explanation, struct writer *out)
{
    struct json_writer json = json_writer_on(out);
    json_begin_object(&json);
    put_text(&json, "request_id", explanation->request_id);
    put_bool(&json, "found", explanation->count > 0);
    put_bool(&json, "ok", explanation_is_sound(explanation));
    put_count(&json, "earlier_requests", explanation->earlier_count);
    put_count(&json, "left_out", explanation->left_out);
    put_count(&json, "other_faulty_chains", explanation->other_faulty_count);
    json_put_name(&json, "records");
    json_begin_array(&json);
    for (size_t i = 0; i < explanation->count; i++) {
        put_record(&json, &explanation->records[i]);
    }
    json_end_array(&json);
    json_end_object(&json);
    writer_put_byte(out, '\n');
}
