-- Nothing is there, or one variant and nothing else: the usual write. 13.6 -> 7.0 us of Redis, with an entry 17.6 -> 9.6.
there = redis.call('HKEYS', KEYS[1])
local meta, plain = nil, #there <= 4 and tonumber(ARGV[2]) > 0
for _, name in ipairs(plain and there or {}) do
  local kind = string.match(name, '^(%l+):?')
  if #name > 4 and string.sub(name, 5, 5) ~= ':' then
    plain = false
  elseif kind == 'meta' then
    plain, meta = plain and not meta, name
  elseif kind ~= 'body' and kind ~= 'head' and name ~= 'vary' then
    plain = false
  end
end
if plain and (meta or #there == 0) then
  local longest = clock() + tonumber(ARGV[2])
  local ends = string.format('%013.0f', longest)
  if meta then
    local values = redis.call('HMGET', KEYS[1], meta, 'vary')
    local stored = string.sub(values[1], 1, 13)
    plain = #values[1] >= 45 and not string.find(stored, '%D') and not string.find(string.sub(values[1], 14, 45), '%X')
      and not (values[2] and string.find(values[2], "[^%l%d!#$%%&'*+%-.^_`|~,]"))
    longest = plain and math.max(longest, tonumber(stored))
  end
  if plain then
    -- Not the first change of the script: see below.
    redis.call('HDEL', KEYS[1], 'fill:')
    redis.call('HSET', KEYS[1], ARGV[1], ends, 'fence', ends)
    redis.call('PEXPIREAT', KEYS[1], string.format('%013.0f', longest))
    return 'done'
  end
end
