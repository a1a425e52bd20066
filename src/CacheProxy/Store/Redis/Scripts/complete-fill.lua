-- ARGV: the lease's field, the variant, token, payload, body, names varied on, how long to keep in ms, most variants
local field, variant, most = ARGV[1], ARGV[2], tonumber(ARGV[8])
read()

if has_unknown_write() then
  evict()
  settle()
  return 'revoked'
end

local lease = fills[field]
if not lease then
  return 'revoked'
end

-- The names that the variant was computed with must be all that are known by now: it may be another request's otherwise.
local given, covered = {}, true
for name in string.gmatch(ARGV[6], '[^,]+') do
  given[name] = true
end
for name in string.gmatch(vary or '', '[^,]+') do
  covered = covered and given[name]
end

if lease <= now or fenced() or not covered then
  redis.call('HDEL', key, field)
  fills[field] = nil
  settle()
  return 'revoked'
end

-- Before anything is removed: a full Redis refuses only the first change of a script, and must refuse this one.
local meta, body, head = variant_fields(variant)
local time = now + tonumber(ARGV[7])
local stamp = digits(time) .. ARGV[3]
local written
if #ARGV[4] <= 512 then
  written = redis.pcall('HSET', key, meta, stamp .. ARGV[4], body, ARGV[5])
else
  written = redis.pcall('HSET', key, meta, stamp .. 'H', body, ARGV[5], head, ARGV[3] .. ARGV[4])
end
redis.call('HDEL', key, field)
fills[field] = nil
if type(written) == 'table' and written.err then
  settle()
  return written
end
if #ARGV[4] <= 512 and heads[variant] then
  redis.call('HDEL', key, head)
end
variants[variant], heads[variant] = time, nil
drop_expired()

-- Variants that were computed with fewer names: which requests they are for is not known any more.
if ARGV[6] ~= (vary or '') then
  for other in pairs(variants) do
    if other ~= variant then
      drop_variant(other)
    end
  end
end

if ARGV[6] ~= '' then
  vary = ARGV[6]
  redis.call('HSET', key, 'vary', vary)
elseif vary then
  redis.call('HDEL', key, 'vary')
  vary = nil
end

local count = 0
for _ in pairs(variants) do
  count = count + 1
end
while count > most do
  local first = nil
  for other, ends in pairs(variants) do
    if other ~= variant and (first == nil or ends < variants[first] or (ends == variants[first] and other < first)) then
      first = other
    end
  end
  if first == nil then
    break
  end
  drop_variant(first)
  count = count - 1
end

settle()
return 'stored'
