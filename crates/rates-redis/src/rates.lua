-- The generic cell rate algorithm for all the rates of one call: it counts on all of them or on none.
--
-- KEYS: one per rate. ARGV: '1' to count or '0' to look, then interval and window of each rate in microseconds.
-- Answers how far ahead each rate's number is, in microseconds, before this call. Counted is what fits everywhere:
-- the caller sees that from the answer. The clock is the server's.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local ahead = {}
local fits = true
for i, key in ipairs(KEYS) do
  local at = tonumber(redis.call('GET', key) or now) or now
  ahead[i] = math.max(at - now, 0)
  if ahead[i] + tonumber(ARGV[2 * i]) > tonumber(ARGV[2 * i + 1]) then
    fits = false
  end
end
if fits and ARGV[1] == '1' then
  for i, key in ipairs(KEYS) do
    local full = ahead[i] + tonumber(ARGV[2 * i])
    -- Whose rate is whole again is forgotten: it looks like a stranger.
    redis.call('SET', key, string.format('%.0f', now + full), 'PX', math.ceil(full / 1000) + 1)
  end
end
return ahead
