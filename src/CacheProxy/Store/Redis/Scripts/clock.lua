-- Unix time in milliseconds by this Redis's own clock, the only one that deadlines are set and compared by.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
