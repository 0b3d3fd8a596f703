-- Single readings: one device after the other, each a second after its last.
-- The environment gives DEVICES (a Lua file of {uuid, secret} pairs) and EPOCH (the
-- Unix second from which times count).
local devices = dofile(os.getenv("DEVICES"))
local epoch = tonumber(os.getenv("EPOCH"))
local heads = {}
for i, device in ipairs(devices) do
  heads[i] = "POST /api/ingest HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    .. "X-Device-ID: " .. device[1] .. "\r\nX-Device-Secret: " .. device[2]
    .. "\r\nContent-Length: "
end
local count, second, text = 0, -1, ""

-- Every device measures once a second, as meters do; the run plays as fast as it can.
function request()
  local device = count % #heads + 1
  local now = epoch + math.floor(count / #heads)
  count = count + 1
  if now ~= second then
    second, text = now, os.date("!%Y-%m-%dT%H:%M:%SZ", now)
  end
  local body = '{"ts":"' .. text .. '","current":5.2,"voltage":230.1,'
    .. '"attributes":{"phase":"L1","sample_ms":1000}}'
  return heads[device] .. #body .. "\r\n\r\n" .. body
end
