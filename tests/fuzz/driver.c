/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over inputs that are there already, without libFuzzer: each argument
 * is a file or a folder, whose files run too. The path is printed first, so that the last
 * line before a crash names the input; the count comes last. Exit status 1: nothing was
 * run, or something could not be read.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t run_count;

static bool run_path(const char *path);

/* In a block of its exact size, so that a sanitizer sees a read beyond it. */
static bool run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size);
    const bool complete =
        file != NULL && (data != NULL || size == 0) && fread(data, 1, size, file) == size;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (complete) {
        (void)printf("%s\n", path);
        (void)fflush(stdout);
        (void)LLVMFuzzerTestOneInput(data, size);
        run_count++;
    }
    free(data);
    return complete;
}

static bool run_folder(const char *path)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    bool complete = count >= 0;
    for (int i = 0; i < count; i++) {
        char inside[4096];
        const int size =
            snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
        const bool is_hidden = entries[i]->d_name[0] == '.';
        complete =
            (is_hidden || ((size_t)size < sizeof(inside) && run_path(inside))) && complete;
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return complete;
}

static bool run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        const bool complete = S_ISDIR(status.st_mode)
                                  ? run_folder(path)
                                  : run_file(path, (size_t)status.st_size);
        if (complete) {
            return true;
        }
    }
    (void)fprintf(stderr, "cannot run %s\n", path);
    return false;
}

int main(int argument_count, char **arguments)
{
    bool complete = true;
    for (int i = 1; i < argument_count; i++) {
        complete = run_path(arguments[i]) && complete;
    }
    (void)printf("%zu inputs run\n", run_count);
    return complete && run_count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
