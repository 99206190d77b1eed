-- Takes each lease that nobody holds. KEYS: leases; ARGV: token, life in milliseconds. Answers 1 for each one taken, else 0.
local won = {}
for i, key in ipairs(KEYS) do
  won[i] = redis.call('set', key, ARGV[1], 'nx', 'px', ARGV[2]) and 1 or 0
end
return won
