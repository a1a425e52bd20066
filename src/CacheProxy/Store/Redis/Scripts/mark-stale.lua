-- Marks every variant, so that none is used without asking the API, and revokes every fill, as begin-write does.
-- ARGV: two that are not used, and what holders.lua takes
read()

-- There is always something to remove, so that a mark is not the script's first change: a full Redis would refuse that one.
local gone = { 'fill:' }
for name in pairs(fills) do
  gone[#gone + 1] = name
end
remove(gone)
fills = {}

if has_unknown_write() then
  evict()
end
for variant, ends in pairs(variants) do
  local meta = variant_fields(variant)
  local marked = string.upper(string.sub(stamps[variant], 14))
  -- A token without a letter, one of three million, cannot be marked.
  if ends <= now or not string.find(marked, '%u') then
    drop_variant(variant)
  else
    redis.call('HSET', key, meta, string.sub(stamps[variant], 1, 13) .. marked .. string.sub(redis.call('HGET', key, meta), 46))
  end
end
local reply = told()
settle()
return reply
