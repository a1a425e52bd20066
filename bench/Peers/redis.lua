-- As much of a Redis client as three commands need: one request, one reply, over a pooled connection.
local redis = {}

function redis.call(port, ...)
  local socket = ngx.socket.tcp()
  socket:settimeout(250)
  if not socket:connect("127.0.0.1", port, { pool_size = 64 }) then
    return nil
  end

  local words = { ... }
  local request = { "*" .. #words .. "\r\n" }
  for i = 1, #words do
    request[i + 1] = "$" .. #words[i] .. "\r\n" .. words[i] .. "\r\n"
  end
  if not socket:send(request) then
    return nil
  end

  local line = socket:receive()
  if not line then
    return nil
  end
  local reply
  if line:byte() == 36 then -- "$": a length, and as many bytes; -1 is none
    local length = tonumber(line:sub(2))
    if length >= 0 then
      reply = socket:receive(length)
      if not reply or not socket:receive(2) then
        return nil
      end
    end
  end
  socket:setkeepalive(600000, 64)
  return reply
end

return redis
