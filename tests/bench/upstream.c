/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_bench PORT: what stands behind a hop that is measured. It answers whatever it is
 * asked, at once, as an engine answers for two probabilities.
 */
#include <string.h>

#include "http_bench.h"
#include "measure.h"

static const char json[] =
    "{\"model_name\":\"breast-cancer\",\"model_version\":\"2\",\"outputs\":[{\"name\":"
    "\"probabilities\",\"datatype\":\"FP32\",\"shape\":[1,2],\"parameters\":{"
    "\"binary_data_size\":8}}]}";
static const float probabilities[] = {0.875F, 0.125F};

enum { JSON_SIZE = sizeof(json) - 1, JSON_SIZE_DIGITS = 8 };

static struct blob *make_answer(void)
{
    struct blob *answer = blob_create(JSON_SIZE + sizeof(probabilities), 0);
    if (answer == NULL) {
        die("upstream_bench", "no memory");
    }
    memcpy(blob_data(answer), json, JSON_SIZE);
    memcpy(blob_data(answer) + JSON_SIZE, probabilities, sizeof(probabilities));
    return answer;
}

static void on_body(void *context, struct http_exchange *exchange)
{
    static char json_size[JSON_SIZE_DIGITS];
    struct blob *answer = context;
    const int digits = snprintf(json_size, sizeof(json_size), "%d", (int)JSON_SIZE);
    const struct http_header headers[] = {
        {BYTES("Content-Type"), BYTES("application/octet-stream")},
        {BYTES("Inference-Header-Content-Length"), bytes_of(json_size, (size_t)digits)}};
    struct http_response response = {
        .status = 200, .headers = headers, .header_count = 2, .part_count = 1};
    response.parts[0] = (struct http_part){bytes_of(blob_data(answer), blob_size(answer)),
                                           blob_ref(answer)};
    http_exchange_respond(exchange, &response);
}

int main(int count, char **arguments)
{
    const struct http_server_options options =
        bench_server_options(count > 1 ? arguments[1] : NULL);
    const struct http_handler handler = {.context = make_answer(),
                                         .headers = bench_read_body,
                                         .body = on_body,
                                         .refuse = bench_refuse};
    return bench_serve(&options, &handler);
}
