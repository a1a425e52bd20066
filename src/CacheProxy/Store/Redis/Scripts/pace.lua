-- Stands after clock.lua alone. One key, one hash: since (the end of the last write, or the first fill), mean (of the time between writes, the
-- latest a quarter), both in ms. ARGV: filling, filled or written; how long to keep it in ms
local known = redis.call('HMGET', KEYS[1], 'since', 'mean')
local now, since, mean = clock(), tonumber(known[1] or ''), tonumber(known[2] or '')
if not since then
  if ARGV[1] ~= 'filled' then
    return ''
  end
  since = now
  redis.call('HSET', KEYS[1], 'since', string.format('%013.0f', since))
elseif ARGV[1] == 'written' then
  local between = math.max(0, now - since)
  mean, since = mean and mean + (between - mean) / 4 or between, now
  redis.call('HSET', KEYS[1], 'since', string.format('%013.0f', since), 'mean', string.format('%.0f', mean))
end
redis.call('PEXPIREAT', KEYS[1], string.format('%013.0f', now + tonumber(ARGV[2])))
return string.format('%.0f ', math.max(0, now - since)) .. (mean and string.format('%.0f', mean) or '')
