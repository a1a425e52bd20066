-- ARGV: how long the end of a write is known in ms, the entry's key, how long it may be stored in ms, most entries
local entry, stands = 'in:' .. ARGV[2], tonumber(ARGV[1])
local known = read(entry)
if next(writes) then
  return 'written'
end

if not known and count >= tonumber(ARGV[4]) then
  -- At most once a second: what is full is seldom less so a moment later.
  if now - swept >= 1000 then
    sweep()
    save(stands)
  end
  if count >= tonumber(ARGV[4]) then
    return 'full'
  end
end

local time = math.max(known or 0, now + tonumber(ARGV[3]))
count = known and count or count + 1
ends = math.max(ends, time)
save(stands, entry, time)
return mark and 'registered ' .. string.format('%.0f', now - mark) or 'registered'
