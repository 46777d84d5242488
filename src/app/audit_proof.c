/* SPDX-License-Identifier: Apache-2.0 */
#include "app/audit_proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "service/audit/proof.h"

enum { FILE_SIZE_BYTES_MAX = 8 * LIMIT_AUDIT_RECORD_SIZE_BYTES_MAX, MEMORY_FACTOR = 32 };

static void tell(const char *path, const struct audit_proof *proof)
{
    (void)printf("%s: ok, ", path);
    if (proof->kind == AUDIT_PROOF_INCLUSION) {
        (void)printf("record %" PRIu64 " of %.*s is one of the %" PRIu64
                     " that its checkpoint was signed over\n",
                     proof->seq, BYTES_PRINT(proof->chain), proof->sizes[0]);
    } else {
        (void)printf("the checkpoint over %" PRIu64
                     " records of %.*s continues the one over "
                     "%" PRIu64 "\n",
                     proof->sizes[1], BYTES_PRINT(proof->chain), proof->sizes[0]);
    }
}

static enum exit_code check(const char *path, struct bytes text,
                            const struct audit_keys *keys, struct arena *arena)
{
    struct audit_proof proof;
    struct error error;
    error_clear(&error);
    enum galen_status status = audit_proof_read(text, arena, &proof, &error);
    if (status == GALEN_OK) {
        status = audit_proof_check(&proof, keys->all, keys->count, &error);
    }
    if (status == GALEN_OK) {
        tell(path, &proof);
        return EXIT_DONE;
    }
    (void)printf("%s: FAULT: %s\n", path,
                 error.text[0] == '\0' ? galen_status_text(status) : error.text);
    return EXIT_FAILED;
}

enum exit_code audit_proof_verify(const char *path, const struct audit_keys *keys)
{
    static uint8_t text[FILE_SIZE_BYTES_MAX + 1];
    struct arena arena;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return audit_complain(path, strerror(errno));
    }
    const size_t size = fread(text, 1, sizeof(text), file);
    const bool has_failed = ferror(file) != 0;
    (void)fclose(file);
    if (has_failed || size > FILE_SIZE_BYTES_MAX) {
        return audit_complain(path,
                              has_failed ? "cannot be read" : "is too large for a proof");
    }
    arena_init(&arena, (size_t)FILE_SIZE_BYTES_MAX * MEMORY_FACTOR);
    const enum exit_code code = check(path, bytes_of(text, size), keys, &arena);
    arena_deinit(&arena);
    return code;
}
