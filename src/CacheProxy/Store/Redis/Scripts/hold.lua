-- Stands after clock.lua alone. Replies as a look-up does; where the lease is taken, 'held' stands in the place of the fence.
-- ARGV: the variant's meta, head and body, the lease's field, its length in ms, the number, the node's replication id
local key, field, length, number, id = KEYS[1], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local names = redis.call('HKEYS', key)
local found = redis.call('HMGET', key, 'fence', 'vary', ARGV[1], ARGV[2], ARGV[3], field)
local old, meta = found[6], found[3]
found[6] = nil

-- A write that is past its deadline refuses, too: nobody knows what it did.
if found[1] or not meta then
  if found[1] == 'held' then
    found[1] = ''
  end
  return found
end
for _, name in ipairs(names) do
  if string.sub(name, 1, 6) == 'write:' then
    return found
  end
end

local now, stored = clock(), string.sub(meta, 1, 13)
if #stored < 13 or string.find(stored, '%D') or tonumber(stored) <= now or string.sub(meta, 14, 13 + #id) ~= id then
  return found
end

-- What was granted before stands: the later end, the higher number. By another node's clock, all of its length may be left.
local time = now + length
local ends, whole, granted, of = string.match(old or '', '^(%d+) (%d+) (%d+) (%x+)$')
if ends and #ends == 13 and #whole < 8 and #granted < 16 then
  local stands = of == id and tonumber(ends) or now + tonumber(whole)
  if stands > time then
    time, length = stands, math.max(length, tonumber(whole))
  end
  if tonumber(granted) > tonumber(number) then
    number = granted
  end
end

-- A full Redis refuses it: then nothing is held, and what was found is found.
local set = redis.pcall('HSET', key, field, string.format('%013.0f %.0f %s %s', time, length, number, id))
if type(set) == 'table' and set.err then
  return found
end
if time > tonumber(stored) then
  -- The key lives as long as the field that lives longest.
  for _, name in ipairs(names) do
    local kind = string.match(name, '^(%l+):?')
    if kind == 'meta' or kind == 'fill' or kind == 'held' then
      local other = string.match(redis.call('HMGET', key, name)[1], '^%d+') or ''
      time = #other >= 13 and math.max(time, tonumber(string.sub(other, 1, 13))) or time
    end
  end
  redis.call('PEXPIREAT', key, string.format('%013.0f', time))
end
found[1] = 'held'
return found
