-- Stands after clock.lua alone. ARGV: the lease's field, its duration in ms, the variant's meta, head and body
local found = redis.call('HMGET', KEYS[1], 'fence', 'vary', ARGV[3], ARGV[4], ARGV[5])
-- HKEYS and not EXISTS: those who gave CacheProxy the least rights gave it no other.
if found[1] or found[2] or found[3] or found[4] or found[5] or #redis.call('HKEYS', KEYS[1]) > 0 then
  return found
end
-- Nothing at all is there, so no fence, no write and no entry: begin-fill.lua would grant the lease.
local ends = string.format('%013.0f', clock() + tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], ARGV[1], ends)
redis.call('PEXPIREAT', KEYS[1], ends)
return 'granted'
