-- ARGV: how long the end of a write is known in ms, the token, duration in ms
read()
-- There is always something to remove, so that the token is not the script's first change: a full Redis would refuse that one.
redis.call('HDEL', key, 'in:')
local found = sweep()
writes[ARGV[2]] = now + tonumber(ARGV[3])
save(tonumber(ARGV[1]))
table.insert(found, 1, 'done')
return table.concat(found, '\n')
