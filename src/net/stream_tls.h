/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream does otherwise where it has TLS: for stream.c only. */
#pragma once

#include "net/stream.h"

/* Where to read records to; nowhere, while the loop has enough of handshakes. */
void stream_tls_place(struct stream *stream, uv_buf_t *out_buffer);

/* Records have come, or the socket has something to say. */
void stream_tls_read(struct stream *stream, ssize_t status, const uv_buf_t *buffer);

enum stream_result stream_tls_write(struct stream *stream, uv_buf_t *buffers,
                                    unsigned count);

/* Says that we end; false: what waits has to leave first, then the writing ends by itself.
 */
bool stream_tls_end(struct stream *stream);

/* Of what is to be written and was not made a record yet. */
size_t stream_tls_plain_size(const struct stream *stream);

void stream_tls_destroy(struct stream *stream); /* NULL is allowed for its tls */
