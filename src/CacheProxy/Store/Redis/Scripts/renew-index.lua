-- ARGV: how long the end of a write is known in ms, the token, duration in ms
read()
-- A token that was lost is not made again: the end of its write must tell.
if not writes[ARGV[2]] then
  return 'lost'
end
redis.call('HDEL', key, 'in:')
writes[ARGV[2]] = now + tonumber(ARGV[3])
save(tonumber(ARGV[1]))
return 'renewed'
