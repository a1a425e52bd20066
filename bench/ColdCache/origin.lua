-- An API that 20 requests at a time suit: one takes 20 ms, and as much more as there are more at work.
local stats = ngx.shared.stats
if ngx.var.uri == "/stats" then
  local times = {}
  for _, key in ipairs(stats:get_keys(0)) do
    local ms = tonumber(key:match("^ms:(%d+)$"))
    if ms then times[#times + 1] = { ms, stats:get(key) } end
  end
  table.sort(times, function(a, b) return a[1] < b[1] end)
  local total, seen, p99 = 0, 0, 0
  for _, time in ipairs(times) do total = total + time[2] end
  for _, time in ipairs(times) do
    seen = seen + time[2]
    p99 = time[1]
    if seen >= total * 0.99 then break end
  end
  ngx.say(total, " ", stats:get("peak") or 0, " ", p99)
  -- Those whose readers went away in between never came to their end.
  stats:flush_all()
  return
end

local active = stats:incr("active", 1, 0)
if active > (stats:get("peak") or 0) then stats:set("peak", active) end
ngx.update_time()
local began = ngx.now()
ngx.sleep(0.02 * math.max(1, active / 20))
ngx.update_time()
stats:incr("ms:" .. math.floor((ngx.now() - began) * 1000), 1, 0)
stats:incr("active", -1)
local body = '{"id":"' .. ngx.var.uri .. '","text":"' .. ("x"):rep(1400) .. '"}'
ngx.header.content_length = #body
ngx.print(body)
