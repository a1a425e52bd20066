-- Nothing is there: the usual miss. The prelude alone costs more than what is to do. 12.0 -> 6.6 us of Redis.
there = redis.call('HKEYS', KEYS[1])
if #there == 0 and ARGV[4] == '' and tonumber(ARGV[5]) > 0 then
  local ends = string.format('%013.0f', clock() + tonumber(ARGV[5]))
  redis.call('HSET', KEYS[1], ARGV[1], ends)
  redis.call('PEXPIREAT', KEYS[1], ends)
  return 'granted'
end
