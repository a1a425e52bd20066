-- ARGV: how long the end of a write is known in ms, what all tokens of the write begin with, the last token that took effect, 1 if changed
read()
redis.call('HDEL', key, 'in:')
local stood = writes[ARGV[3]]
for token in pairs(writes) do
  if string.sub(token, 1, #ARGV[2]) == ARGV[2] then
    writes[token] = nil
  end
end

local found = {}
if ARGV[4] == '1' then
  mark = now
  if not stood then
    found = sweep()
  end
end
save(tonumber(ARGV[1]))
table.insert(found, 1, 'done')
return table.concat(found, '\n')
