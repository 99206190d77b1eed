-- Takes points from accounts by the generic cell rate algorithm, all or none. An account is the moment at which it will be full
-- again, in microseconds of the server's own clock: replicas' clocks differ. KEYS: accounts, of one slot. ARGV for each: window
-- (us), points in a window, least and most to take, points that were spent without asking (less than zero: to give back), and how far
-- the replica believes that moment to be away (us), all of this in it: for a Redis that has forgotten.
-- Answers {refused account or 0, wait in us, the time}, then for each {taken, points left, time until full in us}.
local time = redis.call('time')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local accounts, refused, longest = {}, 0, 0
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 6
  local window, points = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local least, most, spent = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local each = window / points
  local known = redis.call('get', key)
  local full_at = now + tonumber(ARGV[at + 6])
  if known then full_at = math.max(now, tonumber(known)) + spent * each end
  -- Never further away than a window: another limit may have been configured before.
  full_at = math.min(math.max(now, full_at), now + window)
  local free = math.floor((now + window - full_at) / each + 0.000001)
  if free < least then
    local wait = math.ceil(full_at + least * each - window - now)
    if wait > longest then refused, longest = i, wait end
  end
  accounts[i] = {full_at, each, free, least, most}
end
local answer = {{refused, longest, now}}
for i, key in ipairs(KEYS) do
  local full_at, each, free, least, most = unpack(accounts[i])
  local taken = 0
  -- More than the least only where plenty is left: near the end every point is counted here.
  if refused == 0 then taken = math.min(most, least + math.floor(math.max(0, free - least) / 4)) end
  full_at = full_at + taken * each
  local rest = math.ceil(full_at - now)
  if rest > 0 then
    redis.call('set', key, string.format('%.0f', full_at), 'px', math.ceil(rest / 1000) + 1000)
  else
    redis.call('del', key)
  end
  answer[i + 1] = {taken, free - taken, math.max(0, rest)}
end
return answer
