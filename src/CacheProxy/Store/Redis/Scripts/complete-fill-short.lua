-- Only its own lease is there: the usual end of a fill. 20.3 -> 13.4 us of Redis, a variant 21.5 -> 13.8.
there = redis.call('HKEYS', KEYS[1])
if #there == 1 and there[1] == ARGV[1] and tonumber(ARGV[7]) > 0 then
  local lease, now = redis.call('HMGET', KEYS[1], ARGV[1])[1], clock()
  if #lease == 13 and not string.find(lease, '%D') and tonumber(lease) > now then
    local of = ARGV[2] == '' and '' or ':' .. ARGV[2]
    local ends = string.format('%013.0f', now + tonumber(ARGV[7]))
    local entry = { 'meta' .. of, ends .. ARGV[3] .. ARGV[4], 'body' .. of, ARGV[5] }
    if #ARGV[4] > 512 then
      entry[2] = ends .. ARGV[3] .. 'H'
      entry[5], entry[6] = 'head' .. of, ARGV[3] .. ARGV[4]
    end
    if ARGV[6] ~= '' then
      entry[#entry + 1] = 'vary'
      entry[#entry + 1] = ARGV[6]
    end
    -- Before the lease is removed, and the lease in any case: see below.
    local written = redis.pcall('HSET', KEYS[1], unpack(entry))
    redis.call('HDEL', KEYS[1], ARGV[1])
    if type(written) == 'table' and written.err then
      return written
    end
    redis.call('PEXPIREAT', KEYS[1], ends)
    return 'stored'
  end
end
