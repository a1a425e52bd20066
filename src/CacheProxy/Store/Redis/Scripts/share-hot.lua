-- KEYS[1] is a sorted set of requests by how often they were made of late. The empty member says up to when its counts have decayed; by
-- that, it ranks first. ARGV: the half-life in ms, how many members it keeps, its expiry in ms, then counts and members by turns.
-- Replies 1 if there was a list, 0 if this began one. Stands after clock.lua, and touches one key.
local key, half = KEYS[1], tonumber(ARGV[1])
local now = clock()

local since = redis.call('ZSCORE', key, '')
if not since then
  redis.call('ZADD', key, now, '')
elseif now - since > half / 60 then
  redis.call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', string.format('%.9f', 2 ^ ((since - now) / half)))
  redis.call('ZADD', key, now, '')
end

for i = 4, #ARGV, 2 do
  redis.call('ZINCRBY', key, ARGV[i], ARGV[i + 1])
end

local surplus = redis.call('ZCARD', key) - 1 - ARGV[2]
if surplus > 0 then
  redis.call('ZREMRANGEBYRANK', key, 0, surplus - 1)
end
redis.call('PEXPIRE', key, ARGV[3])
return since and 1 or 0
