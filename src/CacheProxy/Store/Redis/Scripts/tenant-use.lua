-- Stands after clock.lua alone. What a tenant with a quota has stored, about: a sorted set of the entries that fills have stored, each with the
-- second in which it expires and its size, until then. What was evicted counts until then, too, unless it is filled again.
-- ARGV: the entry's digest, how long it is kept in s, its size in KiB; or none of them, only to ask; or 'forget'
local key = KEYS[1]
if ARGV[1] == 'forget' then
  redis.call('DEL', key)
  return '0 0'
end

-- A score is second * width + size, so that a range of scores is a range of time. The member '' has the sum of all sizes, below 0.
local width = 131072
local now = math.floor(clock() / 1000)
local total = -tonumber(redis.call('ZSCORE', key, '') or 0)
local expired = redis.call('ZRANGEBYSCORE', key, '(0', string.format('(%.0f', (now + 1) * width), 'WITHSCORES', 'LIMIT', 0, 500)
local gone = {}
for i = 1, #expired, 2 do
  gone[#gone + 1] = expired[i]
  total = total - tonumber(expired[i + 1]) % width
end
if #gone > 0 then
  redis.call('ZREM', key, unpack(gone))
end

if ARGV[1] then
  local size = math.min(tonumber(ARGV[3]), width - 1)
  local before = redis.call('ZSCORE', key, ARGV[1])
  total = total + size - (before and tonumber(before) % width or 0)
  redis.call('ZADD', key, string.format('%.0f', (now + tonumber(ARGV[2]) + 1) * width + size), ARGV[1])
end

local count = redis.call('ZCARD', key)
if ARGV[1] or #gone > 0 then
  redis.call('ZADD', key, string.format('%.0f', -total), '')
  -- Nothing is kept for longer than a day.
  redis.call('PEXPIREAT', key, string.format('%.0f', (now + 86402) * 1000))
  count = redis.call('ZCARD', key)
end
return string.format('%.0f %.0f', math.max(0, count - 1), total * 1024)
