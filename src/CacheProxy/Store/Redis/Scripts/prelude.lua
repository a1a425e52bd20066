-- Stands before every script, after clock.lua and, where there is one, the script's short way. One key, one hash:
--   meta[:V] body[:V]  stored variants; meta begins with the deadline (13 digits) and the token of the fill (32)
--   head[:V]           the rest of a meta that is long, after the token; never read here, so that no script costs what headers weigh
--   vary               names that the origin varies on
--   fill:[V.]T         leases, the value is the deadline
--   write:T  fence     writes under way, the value is the deadline; fence is the latest of them
--   held:R             replica R may hold copies; the value is the deadline, the lease's length in ms, the number, and the replication id
local key = KEYS[1]
local now = clock()

local names = {}
local writes, fills, variants, stamps, heads = {}, {}, {}, {}, {}
local held, leases = {}, {}
local fence, vary = nil, nil

-- What cannot be read as a deadline has passed.
local function deadline(text)
  if #text == 13 and not string.find(text, '%D') then
    return tonumber(text)
  end
  return 0
end

local function digits(time)
  return string.format('%013.0f', time)
end

local function starts(text, prefix)
  return string.sub(text, 1, #prefix) == prefix
end

local function each_thousand(list, act)
  for first = 1, #list, 1000 do
    act(first, math.min(first + 999, #list))
  end
end

local function take(name, value)
  if name == 'fence' then
    fence = deadline(value)
  elseif name == 'vary' then
    vary = value
  elseif starts(name, 'write:') then
    writes[name] = deadline(value)
  elseif starts(name, 'fill:') then
    fills[name] = deadline(value)
  elseif name == 'meta' or starts(name, 'meta:') then
    local variant = string.sub(name, 6)
    local stamp = string.sub(value, 1, 45)
    local readable = #stamp == 45 and not string.find(stamp, '%X', 14)
    variants[variant] = readable and deadline(string.sub(stamp, 1, 13)) or 0
    stamps[variant] = readable and stamp or ''
  elseif starts(name, 'held:') then
    local ends, length, number, id = string.match(value, '^(%d+) (%d+) (%d+) (%x+)$')
    local readable = ends and #length < 8 and #number < 16 and #name == 21 and not string.find(name, '%X', 6)
    held[name] = readable and deadline(ends) or 0
    leases[name] = { length = tonumber(length), number = number, id = id }
  end
end

-- Reads everything but the bodies. On a key of another type this raises WRONGTYPE, and the key is left alone.
local function read()
  local asked = {}
  names = there or redis.call('HKEYS', key)
  for _, name in ipairs(names) do
    if name == 'head' or starts(name, 'head:') then
      heads[string.sub(name, 6)] = name
    elseif name ~= 'body' and not starts(name, 'body:') then
      asked[#asked + 1] = name
    end
  end
  each_thousand(asked, function(first, last)
    local values = redis.call('HMGET', key, unpack(asked, first, last))
    for i = first, last do
      take(asked[i], values[i - first + 1])
    end
  end)
  -- If nobody can tell which names the variants were computed with, none of them is anybody's.
  if vary and string.find(vary, "[^%l%d!#$%%&'*+%-.^_`|~,]") then
    vary = ''
    for variant in pairs(variants) do
      variants[variant] = 0
    end
  end
end

local function remove(list)
  each_thousand(list, function(first, last)
    redis.call('HDEL', key, unpack(list, first, last))
  end)
end

local function variant_fields(variant)
  if variant == '' then
    return 'meta', 'body', 'head'
  end
  return 'meta:' .. variant, 'body:' .. variant, 'head:' .. variant
end

local function drop_variant(variant)
  redis.call('HDEL', key, variant_fields(variant))
  variants[variant], heads[variant] = nil, nil
end

local function fenced()
  if fence and fence > now then
    return true
  end
  for _, time in pairs(writes) do
    if time > now then
      return true
    end
  end
  return false
end

-- A write past its deadline is one whose outcome nobody knows. So is a fence that its write has left behind.
local function has_unknown_write()
  if fence and fence <= now then
    return true
  end
  for _, time in pairs(writes) do
    if time <= now then
      return true
    end
  end
  return false
end

local function set_fence()
  local latest = nil
  for _, time in pairs(writes) do
    latest = math.max(latest or 0, time)
  end
  if latest == fence then
    return
  end
  fence = latest
  if latest then
    redis.call('HSET', key, 'fence', digits(latest))
  else
    redis.call('HDEL', key, 'fence')
  end
end

-- Everything goes but the live writes, their fence, and the live leases of holders: a write must know whom to wait for.
local function evict()
  local gone = {}
  for _, name in ipairs(names) do
    local time = writes[name] or held[name]
    if time and time <= now then
      writes[name], held[name], time = nil, nil, nil
    end
    if name ~= 'fence' and not time then
      gone[#gone + 1] = name
    end
  end
  fills, variants, stamps, heads, vary = {}, {}, {}, {}, nil
  if next(writes) == nil and next(held) == nil then
    fence = nil
    redis.call('DEL', key)
  else
    remove(gone)
    set_fence()
  end
end

local function drop_expired()
  for name, time in pairs(fills) do
    if time <= now then
      redis.call('HDEL', key, name)
      fills[name] = nil
    end
  end
  for variant, time in pairs(variants) do
    if time <= now then
      drop_variant(variant)
    end
  end
  -- Left behind by the scripts of a version that does not know the field.
  for variant, name in pairs(heads) do
    if not variants[variant] then
      redis.call('HDEL', key, name)
      heads[variant] = nil
    end
  end
end

-- The key lives as long as the field that lives longest, and not without one.
local function settle()
  for name, time in pairs(held) do
    if time <= now then
      redis.call('HDEL', key, name)
      held[name] = nil
    end
  end
  local longest = fence or 0
  for _, times in ipairs({ writes, fills, variants, held }) do
    for _, time in pairs(times) do
      longest = math.max(longest, time)
    end
  end
  if longest <= now then
    redis.call('DEL', key)
    return
  end
  if vary and next(variants) == nil then
    redis.call('HDEL', key, 'vary')
  end
  redis.call('PEXPIREAT', key, digits(longest))
end
