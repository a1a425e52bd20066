-- Changes nothing. Returns now, the milliseconds until the key expires ('' where its ACL does not tell), and every name with its value, but
-- that of bodies. On a key of another type: 'foreign'.
local key = KEYS[1]
local names = redis.pcall('HKEYS', key)
if names.err then
  if string.find(names.err, 'WRONGTYPE', 1, true) then
    return { 'foreign' }
  end
  return names
end

local left = redis.pcall('PTTL', key)
local found = { string.format('%.0f', clock()), type(left) == 'number' and tostring(left) or '' }
local asked = {}
for _, name in ipairs(names) do
  if name ~= 'body' and string.sub(name, 1, 5) ~= 'body:' then
    asked[#asked + 1] = name
  end
end
for first = 1, #asked, 1000 do
  local last = math.min(first + 999, #asked)
  local values = redis.call('HMGET', key, unpack(asked, first, last))
  for i = first, last do
    found[#found + 1] = asked[i]
    found[#found + 1] = values[i - first + 1]
  end
end
return found
