-- ARGV: the write's field; changed, unchanged or unknown; and what holders.lua takes
local field, result = ARGV[1], ARGV[2]
read()

if result ~= 'unknown' then
  redis.call('HDEL', key, field)
  writes[field] = nil
end

-- Another write that ran out of time meanwhile may have changed the resource, whatever this one did.
local expired = false
for _, time in pairs(writes) do
  expired = expired or time <= now
end

local reply = 'done'
if result ~= 'unchanged' or expired then
  evict()
  reply = told()
else
  set_fence()
end
settle()
return reply
