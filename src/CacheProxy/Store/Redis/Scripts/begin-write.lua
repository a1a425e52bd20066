-- ARGV: the write's field, duration in ms
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
settle()
return 'done'
