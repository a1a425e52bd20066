-- Stands after clock.lua alone. A tag is a resource whose plain meta has no response behind its stamp, but when the generation was drawn; the
-- stamp's token is the generation. ARGV: the generation to draw, what one of this Redis begins with, how long to keep it in ms
local found, now = redis.call('HMGET', KEYS[1], 'fence', 'meta'), clock()
local fence, meta = found[1], found[2]
if fence and #fence == 13 and not string.find(fence, '%D') and tonumber(fence) > now then
  return 'fenced'
end
-- Behind a fence that has fallen was a write whose outcome nobody knows: it evicts.
local ends, token, born, clears = now + tonumber(ARGV[3]), ARGV[1], now, false
if not fence and meta and #meta == 58 and not string.find(string.sub(meta, 1, 13) .. string.sub(meta, 46), '%D')
  and string.sub(meta, 14, 13 + #ARGV[2]) == ARGV[2] and tonumber(string.sub(meta, 1, 13)) > now then
  ends, token, born = math.max(ends, tonumber(string.sub(meta, 1, 13))), string.sub(meta, 14, 45), tonumber(string.sub(meta, 46))
elseif fence or meta then
  clears = true
end
-- Holders keep their leases, and the key lives as long as the one that lives longest.
local gone, longest = {}, ends
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local held = string.sub(name, 1, 5) == 'held:' and tonumber(string.match(redis.call('HMGET', KEYS[1], name)[1], '^(%d+) ') or '')
  if held and held > now then
    longest = math.max(longest, held)
  elseif held or clears then
    gone[#gone + 1] = name
  end
end
for first = 1, #gone, 1000 do
  redis.call('HDEL', KEYS[1], unpack(gone, first, math.min(first + 999, #gone)))
end
redis.call('HSET', KEYS[1], 'meta', string.format('%013.0f', ends) .. token .. string.format('%013.0f', born))
redis.call('PEXPIREAT', KEYS[1], string.format('%013.0f', longest))
return token .. string.format('%.0f', math.max(now - born, 0))
