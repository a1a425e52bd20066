-- Stands after clock.lua alone. A tag is a resource whose plain meta has no response behind its stamp, but when the generation was drawn; the
-- stamp's token is the generation. ARGV: the generation to draw, what one of this Redis begins with, how long to keep it in ms
local found, now = redis.call('HMGET', KEYS[1], 'fence', 'meta'), clock()
local fence, meta = found[1], found[2]
if fence and #fence == 13 and not string.find(fence, '%D') and tonumber(fence) > now then
  return 'fenced'
end
-- Behind a fence that has fallen was a write whose outcome nobody knows: it evicts.
local ends, token, born = now + tonumber(ARGV[3]), ARGV[1], now
if not fence and meta and #meta == 58 and not string.find(string.sub(meta, 1, 13) .. string.sub(meta, 46), '%D')
  and string.sub(meta, 14, 13 + #ARGV[2]) == ARGV[2] and tonumber(string.sub(meta, 1, 13)) > now then
  ends, token, born = math.max(ends, tonumber(string.sub(meta, 1, 13))), string.sub(meta, 14, 45), tonumber(string.sub(meta, 46))
elseif fence or meta then
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], 'meta', string.format('%013.0f', ends) .. token .. string.format('%013.0f', born))
redis.call('PEXPIREAT', KEYS[1], string.format('%013.0f', ends))
return token .. string.format('%.0f', math.max(now - born, 0))
