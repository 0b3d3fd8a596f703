-- Batches of 1,000 readings of one device, made before the clock starts.
local devices = dofile(os.getenv("DEVICES"))
local epoch = tonumber(os.getenv("EPOCH"))
local requests, count = {}, 0

function init()
  for i = 1, tonumber(os.getenv("BODIES")) do
    local device, rows = devices[i % #devices + 1], {}
    local text = os.date("!%Y-%m-%dT%H:%M:", epoch + 60 * math.floor((i - 1) / #devices))
    for n = 0, 999 do
      rows[n + 1] = string.format('{"ts":"%s%06.3fZ","current":%.2f,"voltage":230.1}',
        text, n * 0.06, 5 + n % 100 / 100)
    end
    local body = "[" .. table.concat(rows, ",") .. "]"
    requests[i] = "POST /api/ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
      .. "X-Device-ID: " .. device[1] .. "\r\nX-Device-Secret: " .. device[2]
      .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
  end
end

function request()
  count = count + 1
  return requests[(count - 1) % #requests + 1]
end
