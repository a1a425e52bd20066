-- Stands before every script on an index, after clock.lua. The key is that of a resource and ":in"; one hash:
--   in:KEY   the entry KEY contains the resource; the value is until when it may be stored
--   writes   writes of the resource under way: TOKEN=DEADLINE, with commas between them
--   mark     when the last write ended
--   count    how many in:KEY there are, those that have expired included;  swept  when these were last removed
--   ends     the latest of all deadlines: when the key expires
local key, now = KEYS[1], clock()
local writes, mark, count, swept, ends = {}, nil, 0, 0, 0
local had_writes = false

local function digits(time)
  return string.format('%013.0f', time)
end

-- Reads all but the entries, and the value of one of them.
local function read(entry)
  local values = redis.call('HMGET', key, 'writes', 'mark', 'count', 'swept', 'ends', entry or 'in:')
  had_writes = values[1]
  for token, time in string.gmatch(values[1] or '', '([^=,]+)=(%d+)') do
    writes[token] = tonumber(time)
  end
  -- What cannot be read counts as a write that ends now.
  if values[1] and next(writes) == nil or values[2] and not tonumber(values[2]) then
    mark = now
  end
  mark = mark or tonumber(values[2])
  count, swept, ends = tonumber(values[3]) or 0, tonumber(values[4]) or 0, tonumber(values[5]) or 0
  -- A write past its deadline has ended by then, whatever it did.
  for token, time in pairs(writes) do
    if time <= now then
      writes[token] = nil
      mark = math.max(mark or 0, time)
    end
  end
  return tonumber(values[6])
end

-- Removes the entries that have expired; returns the keys of the others.
local function sweep()
  local names, gone, found, last = redis.call('HKEYS', key), {}, {}, 0
  local entries = {}
  for _, name in ipairs(names) do
    if string.sub(name, 1, 3) == 'in:' then
      entries[#entries + 1] = name
    end
  end
  for first = 1, #entries, 1000 do
    local upto = math.min(first + 999, #entries)
    local values = redis.call('HMGET', key, unpack(entries, first, upto))
    for i = first, upto do
      local time = tonumber(values[i - first + 1])
      if time and time > now then
        found[#found + 1] = string.sub(entries[i], 4)
        last = math.max(last, time)
      else
        gone[#gone + 1] = entries[i]
      end
    end
  end
  for first = 1, #gone, 1000 do
    redis.call('HDEL', key, unpack(gone, first, math.min(first + 999, #gone)))
  end
  count, swept, ends = #found, now, last
  return found
end

-- The end of a write is known for as long as a fill may take that began before it. The first change is one that a full Redis refuses.
local function save(stands, entry, time)
  local list = {}
  for token, time in pairs(writes) do
    list[#list + 1] = token .. '=' .. digits(time)
    ends = math.max(ends, time + stands)
  end
  ends = math.max(ends, mark and mark + stands or 0)
  if ends <= now then
    redis.call('DEL', key)
    return
  end
  local fields = { 'count', count, 'swept', digits(swept), 'ends', digits(ends) }
  if #list > 0 then
    fields[#fields + 1], fields[#fields + 2] = 'writes', table.concat(list, ',')
  end
  if mark then
    fields[#fields + 1], fields[#fields + 2] = 'mark', digits(mark)
  end
  if entry then
    fields[#fields + 1], fields[#fields + 2] = entry, digits(time)
  end
  redis.call('HSET', key, unpack(fields))
  if had_writes and #list == 0 then
    redis.call('HDEL', key, 'writes')
  end
  redis.call('PEXPIREAT', key, digits(ends))
end
