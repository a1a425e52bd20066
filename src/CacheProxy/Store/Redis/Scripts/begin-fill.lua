-- ARGV: the lease's field, the start of all leases' fields for the variant, the variant, the stamp seen, duration in ms, 1 if exclusive
local field, prefix, variant, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
read()

if has_unknown_write() then
  evict()
  settle()
end

if fenced() then
  return 'fenced'
end

-- What was seen and is gone must not be validated and stored again: a write may have begun and ended since.
local stored = variants[variant]
if stamps[variant] ~= seen and (seen ~= '' or (stored and stored > now)) then
  return 'changed'
end

if ARGV[6] == '1' then
  for name, time in pairs(fills) do
    if time > now and name ~= field and starts(name, prefix) and not string.find(name, '.', #prefix + 1, true) then
      return 'under way'
    end
  end
end

-- Before anything is removed: a full Redis refuses only the first change of a script, and must refuse this one.
fills[field] = now + tonumber(ARGV[5])
redis.call('HSET', key, field, digits(fills[field]))
drop_expired()
settle()
return 'granted'
