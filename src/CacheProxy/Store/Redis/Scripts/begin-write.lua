-- ARGV: the write's field, duration in ms, and what holders.lua takes
read()

-- There is always something to remove, so that the fence is not the script's first change: a full Redis would refuse that one.
local gone = { 'fill:' }
for name in pairs(fills) do
  gone[#gone + 1] = name
end
remove(gone)
fills = {}

writes[ARGV[1]] = now + tonumber(ARGV[2])
redis.call('HSET', key, ARGV[1], digits(writes[ARGV[1]]))
set_fence()
local reply = told()
settle()
return reply
