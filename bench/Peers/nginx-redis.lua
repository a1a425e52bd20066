-- GET: from Redis; else from the API, stored for an hour. PUT: to the API, then DEL, then the answer.
local redis = require "redis"

local key = ngx.var.host .. ngx.var.uri
local method = ngx.req.get_method()

local function forward(how)
  local answer = ngx.location.capture("/origin" .. ngx.var.request_uri, { method = how, always_forward_body = true })
  ngx.status = answer.status
  for name, value in pairs(answer.header) do
    ngx.header[name] = value
  end
  return answer
end

if method == "GET" then
  local body = redis.call(ngx.var.redis_port, "GET", key)
  if body then
    ngx.header.content_length = #body
    return ngx.print(body)
  end
  local answer = forward(ngx.HTTP_GET)
  if answer.status == 200 and not answer.truncated then
    redis.call(ngx.var.redis_port, "SETEX", key, "3600", answer.body)
  end
  ngx.print(answer.body)
elseif method == "PUT" then
  ngx.req.read_body()
  local answer = forward(ngx.HTTP_PUT)
  redis.call(ngx.var.redis_port, "DEL", key)
  ngx.print(answer.body)
else
  ngx.exit(405)
end
