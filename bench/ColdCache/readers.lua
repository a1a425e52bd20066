-- Readers of 3,000 customers, some of them much more than others.
local random
function init() random = math.random; math.randomseed(os.time()) end
function request()
  return wrk.format("GET", "/api/customers/" .. math.floor(3000 * random() ^ 3), { ["X-Tenant-Subdomain"] = "demo" })
end
