-- SPDX-License-Identifier: Apache-2.0
-- wrk: the request of a file, again and again; what came of it as one line of JSON.
-- arguments: FILE METHOD PATH NAME: VALUE…; the values of a name that comes several times take
-- turns, one a request.

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.body = file:read("*a")
  file:close()
  wrk.method = arguments[2]
  wrk.path = arguments[3]
  wholes = {}
  turn = 0
  for at = 4, #arguments do
    local name, value = arguments[at]:match("^(.-): (.*)$")
    local again = wrk.headers[name]
    if again and #wholes == 0 then
      wholes[1] = wrk.format()
    end
    wrk.headers[name] = value
    if again then
      wholes[#wholes + 1] = wrk.format()
    end
  end
  if #wholes == 0 then
    wholes[1] = wrk.format()
  end
end

function request()
  turn = turn % #wholes + 1
  return wholes[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "failed": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
