-- Stands alone. The key may now expire up to a lease later than its last field: that is not worth reading all of them.
-- ARGV: the lease's field, the number
local held = redis.call('HMGET', KEYS[1], ARGV[1])[1]
local number = tonumber(string.match(held or '', '^%d+ %d+ (%d+) ') or '')
if held and (not number or number < tonumber(ARGV[2])) then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 'done'
