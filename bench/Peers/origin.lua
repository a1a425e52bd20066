-- /api/customers/KIND-NUMBER, for the tenant that the host's first label names. KIND says how large the body is and how long the API takes.
local sizes = { a = 1536, b = 16384, c = 262144, d = 1536 }
local slow = { d = true }

local tenant = ngx.var.host:match("^[^.]+")
local id = ngx.var.uri:match("[^/]+$") or ""
local kind = id:sub(1, 1)
local size = sizes[kind]
if not size then
  return ngx.exit(404)
end

local key = tenant .. "/" .. id
local versions, counts = ngx.shared.versions, ngx.shared.counts
local write = ngx.req.get_method() == "PUT"
local version
if write then
  ngx.req.read_body()
  counts:incr("writes", 1, 0)
  if slow[kind] then
    ngx.sleep(0.005 + math.random() * 0.005)
  end
  version = versions:incr(key, 1, 1)
else
  counts:incr("reads", 1, 0)
  version = versions:get(key) or 1
  -- As a database takes it: what is read here may be old by the time it is answered.
  if slow[kind] then
    ngx.sleep(0.005 + math.random() * 0.005)
  end
end

-- Every byte depends on tenant, id and version, so that a wrong body is seen.
local head = '{"tenant":"' .. tenant .. '","id":"' .. id .. '","version":' .. version .. ',"text":"'
local word = key .. " "
local rest = size - #head - 2
ngx.header.content_length = size
ngx.print(head, word:rep(math.ceil(rest / #word)):sub(1, rest), '"}')
