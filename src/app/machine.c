/* SPDX-License-Identifier: Apache-2.0 */
#include "app/machine.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    FILE_SIZE_MAX = 4096, /* all that is looked for is at the beginning */
    TICKS_BETWEEN_LOOKS = 100,
    FIELD_COUNT = 8, /* user nice system idle iowait irq softirq steal */
    FIELD_IDLE = 3,
    FIELD_IO_WAIT = 4,
    BYTES_PER_KB = 1024,
};

/* The next number of the text, after spaces. False: there is none. */
static bool next_number(struct bytes *text, uint64_t *out_number)
{
    struct bytes word;
    do {
        if (text->size == 0) {
            return false;
        }
        *text = bytes_split(*text, ' ', &word);
    } while (word.size == 0);
    return bytes_parse_u64(word, UINT64_MAX, out_number);
}

void machine_see_cpu(struct machine *machine, struct bytes stat)
{
    struct bytes line;
    uint64_t fields[FIELD_COUNT];
    uint64_t total = 0;
    (void)bytes_split(stat, '\n', &line);
    if (!bytes_starts_with(line, BYTES("cpu "))) {
        return;
    }
    line = bytes_from(line, sizeof("cpu"));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!next_number(&line, &fields[i])) {
            return;
        }
        total += fields[i];
    }
    const uint64_t busy = total - fields[FIELD_IDLE] - fields[FIELD_IO_WAIT];
    if (total < machine->total_ticks + TICKS_BETWEEN_LOOKS || busy < machine->busy_ticks) {
        return;
    }
    machine->cpu_share =
        (double)(busy - machine->busy_ticks) / (double)(total - machine->total_ticks);
    machine->total_ticks = total;
    machine->busy_ticks = busy;
}

/* "MemTotal:       32768 kB" */
static bool find_kilobytes(struct bytes meminfo, const char *name, uint64_t *out_bytes)
{
    while (meminfo.size > 0) {
        struct bytes line;
        struct bytes key;
        uint64_t kilobytes;
        meminfo = bytes_split(meminfo, '\n', &line);
        line = bytes_split(line, ':', &key);
        if (bytes_equal_string(key, name) && next_number(&line, &kilobytes)) {
            *out_bytes = kilobytes * BYTES_PER_KB;
            return true;
        }
    }
    return false;
}

void machine_see_memory(struct machine *machine, struct bytes meminfo)
{
    uint64_t total;
    uint64_t available;
    if (find_kilobytes(meminfo, "MemTotal", &total) &&
        find_kilobytes(meminfo, "MemAvailable", &available) && available <= total) {
        machine->memory_total_bytes = total;
        machine->memory_used_bytes = total - available;
    }
}

/* The beginning of a file; empty: it cannot be read. */
static struct bytes read_beginning(const char *path, uint8_t *text, size_t size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return BYTES_NONE;
    }
    const ssize_t count = read(file, text, size);
    (void)close(file);
    return count > 0 ? bytes_of(text, (size_t)count) : BYTES_NONE;
}

void machine_read(struct machine *machine)
{
    uint8_t text[FILE_SIZE_MAX];
    machine_see_cpu(machine, read_beginning("/proc/stat", text, sizeof(text)));
    machine_see_memory(machine, read_beginning("/proc/meminfo", text, sizeof(text)));
}
