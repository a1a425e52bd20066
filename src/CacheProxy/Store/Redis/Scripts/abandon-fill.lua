-- ARGV: the lease's field
if redis.call('HDEL', key, ARGV[1]) == 1 then
  read()
  settle()
end
return 'done'
