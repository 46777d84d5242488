/* SPDX-License-Identifier: Apache-2.0 */
/*
 * About whom a request is, and what for: the headers Galen-Subject and Galen-Purpose, the
 * members or parts `subject` and `purpose` of a body, and the patient of the caller's
 * token. A subject becomes a pseudonym, HMAC-SHA-256 under KEY_SUBJECT of its bytes, as
 * soon as it is read; nothing keeps, forwards or tells the subject itself. All that name
 * one have to name the same.
 *
 * Pure.
 */
#pragma once

#include "gateway/request.h"

/* Each sets request->has_subject, subject and purpose. GALEN_UNPROCESSABLE: it is empty,
 * too long, no text or no code, or differs from what was named before; GALEN_UNAVAILABLE:
 * there is no key for subjects; GALEN_NO_MEMORY, GALEN_INTERNAL. */

/* For the phase admit: of the headers, as often as they are there. */
MUST_USE enum galen_status subject_read_headers(struct request *request);

/* For the phase route: of a body; NULL: it names none. The error's pointer is /subject or
 * /purpose. */
MUST_USE enum galen_status subject_take_subject(struct request *request,
                                                const struct bytes *subject);
MUST_USE enum galen_status subject_take_purpose(struct request *request,
                                                const struct bytes *purpose);

/* For the phase route: request->patient, if there is one. */
MUST_USE enum galen_status subject_take_patient(struct request *request);

/* For the phase validate: what the route requires is there. GALEN_UNPROCESSABLE. */
MUST_USE enum galen_status subject_check(struct request *request);
