-- Gives back the leases that are still held with this token. KEYS: leases; ARGV: token.
for _, key in ipairs(KEYS) do
  if redis.call('get', key) == ARGV[1] then
    redis.call('del', key)
  end
end
return redis.status_reply('OK')
