-- Stands after clock.lua alone. When a node came into use under its replication id; replies how many ms ago. ARGV: how long to remember it in ms
-- A clock that has been set back makes it begin anew: later is safe.
local now, since = clock(), tonumber(redis.call('HMGET', KEYS[1], 'since')[1] or '')
if not since or since > now then
  since = now
  redis.call('HSET', KEYS[1], 'since', string.format('%013.0f', now))
end
redis.call('PEXPIREAT', KEYS[1], string.format('%013.0f', now + tonumber(ARGV[1])))
return string.format('%.0f', now - since)
