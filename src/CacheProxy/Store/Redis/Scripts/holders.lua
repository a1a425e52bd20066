-- Stands after the prelude of a step that fences or evicts. Gives the writer's own lease back if its number is lower than the writer's, sends
-- every other holder an invalidation, and returns the step's reply: done, and a line for each holder, of its name, its number, and how many ms
-- its lease stands at most.
-- ARGV[3]: the writer's number; ARGV[4]: its name, the node's replication id, and what the names of all channels begin with; none where a begin
-- follows, which tells them
local function told()
  if next(held) == nil or not ARGV[4] then
    return 'done'
  end
  local own, id, channels = string.match(ARGV[4], '^(%x+) (%x*) (.*)$')
  local lines = { 'done' }
  for name, ends in pairs(held) do
    local replica, lease = string.sub(name, 6), leases[name]
    if ends > now and replica ~= own then
      -- Granted by another node's clock, or before this one was set back: all of it may be left, and it is counted by this clock from now on.
      if lease.id ~= id or ends - now > lease.length then
        ends = now + lease.length
        if id ~= '' then
          redis.pcall('HSET', key, name, string.format('%013.0f %.0f %s %s', ends, lease.length, lease.number, id))
          held[name] = ends
        end
      end
      -- Where it is refused, the writer waits until the lease has run out.
      redis.pcall('PUBLISH', channels .. replica, 'i ' .. own .. ' ' .. key)
      lines[#lines + 1] = string.format('%s %s %.0f', replica, lease.number, ends - now)
    elseif ends > now and tonumber(lease.number) < tonumber(ARGV[3]) then
      redis.call('HDEL', key, name)
      held[name] = nil
    end
  end
  return table.concat(lines, '\n')
end
