-- A bucket of calls, as in upstream/quota/bucket.rs. KEYS: the bucket. The time is the server's own: replicas' clocks differ.
-- ARGV: op, limit and window (ms) as configured (0: none), then for `correct`: limit and window (ms) as told (0: not told),
-- what remains (-1: not told), block for (ms, 0: no).
-- Answers {allowed, wait in ms, limit, window in ms, tokens in thousandths, blocked for in ms}.
local time = redis.call('time')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = redis.call('hmget', KEYS[1], 'limit', 'window', 'tokens', 'at', 'blocked')
local own_limit, own_window = tonumber(ARGV[2]), tonumber(ARGV[3])
local limit, window = tonumber(kept[1]) or 0, tonumber(kept[2]) or 0
local function capacity(l) return math.max(1, math.floor(l / 10)) end
local function refill(l, w) return math.max(0.9, l - capacity(l)) / math.max(1, w) end
local tokens = tonumber(kept[3]) or 0
-- What is configured counts from now on, whatever was kept before, unless the upstream allows less.
if own_limit > 0 and (limit == 0 or refill(own_limit, own_window) < refill(limit, window)) then
  tokens = limit == 0 and capacity(own_limit) or math.min(tokens, capacity(own_limit))
  limit, window = own_limit, own_window
end
local at, blocked = tonumber(kept[4]) or now, tonumber(kept[5]) or 0
local function fill()
  if limit > 0 then
    local passed = math.max(0, now - math.max(at, blocked))
    tokens = math.min(capacity(limit), tokens + passed * refill(limit, window))
  end
  at = now
end
fill()
local allowed, wait = 1, 0
if ARGV[1] == 'take' then
  if blocked > now then
    allowed, wait = 0, blocked - now
  elseif limit > 0 then
    if tokens >= 1 then
      tokens = tokens - 1
    else
      allowed, wait = 0, math.ceil((1 - tokens) / refill(limit, window))
    end
  end
else
  local told_limit, told_window = tonumber(ARGV[4]), tonumber(ARGV[5])
  if told_limit > 0 then
    local new_limit, new_window = told_limit, told_window
    if own_limit > 0 and refill(own_limit, own_window) <= refill(told_limit, told_window) then
      new_limit, new_window = own_limit, own_window
    end
    if new_limit ~= limit or new_window ~= window then
      tokens = limit > 0 and math.min(tokens, capacity(new_limit)) or capacity(new_limit)
      limit, window = new_limit, new_window
    end
  end
  local remaining, block = tonumber(ARGV[6]), tonumber(ARGV[7])
  if remaining >= 0 then tokens = math.min(tokens, remaining) end
  if block > 0 then
    tokens = 0
    blocked = math.max(blocked, now + block)
  end
end
redis.call('hset', KEYS[1], 'limit', limit, 'window', window, 'tokens', tokens, 'at', at, 'blocked', blocked)
redis.call('pexpire', KEYS[1], math.max(window * 2, blocked - now, 60000))
return {allowed, wait, limit, window, math.floor(tokens * 1000), math.max(0, blocked - now)}
