/* SPDX-License-Identifier: Apache-2.0 */
#include "model/release_verify.h"

#include "base/limits.h"
#include "model/directory.h"

#define CONTRACT "model.yaml"

struct reading {
    const struct repository_version *version;
    int folder;
    struct error *error;
};

static enum galen_status blame(const struct reading *reading, const char *file,
                               enum galen_status status, const struct error *why)
{
    return status == GALEN_OK ? GALEN_OK
                              : error_set(reading->error, status, "%s/%s: %s",
                                          reading->version->path, file, why->text);
}

static enum galen_status hash(const struct reading *reading, const char *file,
                              uint64_t size_bytes_max, uint8_t *out_sha256)
{
    int descriptor CLOSED_LATER = -1;
    uint64_t size_bytes;
    struct error why = {"", ""};
    enum galen_status status = directory_open_file(reading->folder, file, size_bytes_max,
                                                   &descriptor, &size_bytes, &why);
    if (status == GALEN_OK) {
        status = sha256_of_file(descriptor, size_bytes, out_sha256);
        (void)error_set(&why, status, "cannot be hashed: %s",
                        status == GALEN_TOO_LARGE ? "it grew" : galen_status_text(status));
    }
    return blame(reading, file, status, &why);
}

static enum galen_status verify(const struct reading *reading,
                                const struct contract_file *file, uint8_t *out_sha256)
{
    TRY(hash(reading, file->name, LIMIT_MODEL_FILE_SIZE_BYTES_MAX, out_sha256));
    return memcmp(out_sha256, file->sha256, SHA256_SIZE) == 0
               ? GALEN_OK
               : error_set(reading->error, GALEN_INVALID,
                           "%s/%s: its SHA-256 is not the one that model.yaml states",
                           reading->version->path, file->name);
}

static enum galen_status verify_all(const struct reading *reading,
                                    struct release_version *out_version)
{
    const struct contract *contract = reading->version->contract;
    const struct contract_file *network = contract_network_file(contract);
    for (size_t i = 0; i < contract->file_count; i++) {
        uint8_t sha256[SHA256_SIZE];
        TRY(verify(reading, &contract->files[i], sha256));
        if (&contract->files[i] == network) {
            memcpy(out_version->network_sha256, sha256, sizeof(sha256));
        }
    }
    out_version->has_contract = true;
    return hash(reading, CONTRACT, LIMIT_MODEL_YAML_SIZE_BYTES_MAX,
                out_version->contract_sha256);
}

static enum galen_status hash_network(const struct reading *reading,
                                      const char *const *names,
                                      struct release_version *out_version)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        const enum galen_status status =
            hash(reading, names[i], LIMIT_MODEL_FILE_SIZE_BYTES_MAX,
                 out_version->network_sha256);
        if (status != GALEN_NOT_FOUND) {
            return status;
        }
    }
    return error_set(reading->error, GALEN_NOT_FOUND, "%s: holds no network",
                     reading->version->path);
}

enum galen_status release_version_read(const struct repository_version *version,
                                       const char *const *network_names,
                                       struct release_version *out_version,
                                       struct error *out_error)
{
    int folder CLOSED_LATER = -1;
    struct error why = {"", ""};
    struct reading reading = {.version = version, .error = out_error};
    if (!version->usable) {
        return error_set(out_error, GALEN_INVALID, "%s", version->why_not.text);
    }
    const enum galen_status status = directory_open_root(version->path, &folder, &why);
    if (status != GALEN_OK) {
        return error_set(out_error, status, "%s: %s", version->path, why.text);
    }
    reading.folder = folder;
    *out_version = (struct release_version){.number = version->number};
    return version->contract != NULL ? verify_all(&reading, out_version)
                                     : hash_network(&reading, network_names, out_version);
}
