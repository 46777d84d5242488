/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/v2_operations.h"

#define COMMON .tag = "v2", .answer_type = "application/json", .speaks_v2 = true

#define READS .scope = "`models:read`"
#define READS_MODEL .scope = "`models:read`, or `infer:tensor:` and the model's name"

#define READINESS                                                \
    (OPERATION_UPSTREAM_REFUSALS | OPERATION_ACCESS_REFUSALS |   \
     OPERATION_REFUSAL(INVALID) | OPERATION_REFUSAL(NOT_FOUND) | \
     OPERATION_REFUSAL(TOO_LARGE))
#define OF_MODEL (READINESS | OPERATION_REFUSAL(RATE_LIMITED))

const struct operation v2_operations[V2_TOLD_COUNT] = {
    [V2_SERVER] = {COMMON, READS, .refusals = OPERATION_ACCESS_REFUSALS, .id = "v2_server",
                   .summary = "The server and the extensions that it speaks",
                   .description = "The same at `/v2/`.",
                   .answer = "Name, version and extensions.", .schema = "V2Server"},
    [V2_LIVE] = {COMMON, .id = "v2_live", .summary = "Whether the server answers",
                 .description = "It asks nobody else.", .answer = "It does.",
                 .schema = "V2Live", .example = "{\"live\":true}"},
    [V2_READY] = {COMMON, .id = "v2_ready",
                  .summary = "Whether every model of the engine is ready",
                  .description = "As the engine says. No, while the gateway drains.",
                  .answer = "They are.", .schema = "V2Ready",
                  .example = "{\"live\":true,\"ready\":true}",
                  .refusals =
                      OPERATION_UPSTREAM_REFUSALS | OPERATION_REFUSAL(AUDIT_UNAVAILABLE)},
    [V2_MODEL] = {COMMON, READS_MODEL, .id = "v2_model", .summary = "A model's tensors",
                  .description =
                      "Names, datatypes and shapes of what its network takes and "
                      "gives; -1 stands for a dimension that varies.",
                  .answer = "The model's metadata.", .schema = "V2Model",
                  .refusals = OF_MODEL},
    [V2_MODEL_READY] = {COMMON, READS_MODEL, .id = "v2_model_ready",
                        .summary = "Whether a model is ready",
                        .description = "As the engine says.", .answer = "It is.",
                        .schema = "V2Ready", .refusals = READINESS},
    [V2_MODEL_STATISTICS] =
        {COMMON, READS_MODEL, .id = "v2_model_statistics", .summary = "What ran of a model",
         .description =
             "Of each version, or of one: requests, runs and their times since it "
             "was loaded, as the engine counts them.",
         .answer = "Counts and times.", .schema = "V2Statistics",
         .refusals = OF_MODEL | OPERATION_REFUSAL(NOT_IMPLEMENTED)},
    [V2_STATISTICS] = {COMMON, READS, .id = "v2_statistics",
                       .summary = "What ran of all models",
                       .description = "As the engine counts it.",
                       .answer = "Counts and times.", .schema = "V2Statistics",
                       .refusals = OF_MODEL | OPERATION_REFUSAL(NOT_IMPLEMENTED)},
    [V2_CONFIG] =
        {COMMON, READS_MODEL, .id = "v2_config", .summary = "A model's configuration",
         .description =
             "The one that its version runs with, as Triton's config.pbtxt has it.",
         .answer = "The configuration.", .schema = "V2Config",
         .refusals = OF_MODEL | OPERATION_REFUSAL(NOT_IMPLEMENTED)},
    [V2_INFER] =
        {COMMON, .scope = "`infer:tensor:` and the model's name", .id = V2_INFER_ID,
         .summary = "Run a network on tensors",
         .description =
             "Tensors go to the network as they are, as JSON or, behind it, as raw "
             "bytes (the binary tensor data extension). They come back as they were "
             "asked for.",
         .answer = "The network's outputs.", .schema = "V2InferResponse",
         .body = OPERATION_V2_BODY, .is_of_model = true,
         .refusals = OF_MODEL | OPERATION_REFUSAL(FORBIDDEN) |
                     OPERATION_REFUSAL(UNPROCESSABLE) | OPERATION_REFUSAL(NOT_IMPLEMENTED) |
                     OPERATION_REFUSAL(AUDIT_UNAVAILABLE)},
};
