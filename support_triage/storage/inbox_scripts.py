"""The inbox's steps in Lua: each is atomic and touches one workspace's keys alone.

An entry's id is its time of receipt in microseconds, a colon, and its channel. It stands in the
hash of events until it is answered, and meanwhile in exactly one of: its channel's list (waiting),
`taken` (in a worker's hands until the lease ends), `later` (to be handed out again then).
What only moves or removes is allowed when memory is full: it is how memory becomes free.
"""

_ADD = """
local function add(events, turns, waiting, channel, content)
  local t = redis.call('TIME')
  local at = t[1] * 1000000 + t[2]
  local id = string.format('%.0f:%s', at, channel)
  while redis.call('HEXISTS', events, id) == 1 do
    at = at + 1
    id = string.format('%.0f:%s', at, channel)
  end
  redis.call('HSET', events, id, content)
  if redis.call('RPUSH', waiting, id) > 1 then return 1 end
  redis.call('RPUSH', turns, channel)
  return 2
end
"""

RECEIVE = (
    _ADD
    + """
-- KEYS events turns waiting newest seen
-- ARGV channel event, limits of events and of bytes, [ts, seconds to remember it]
if ARGV[5] and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return -1 end
local used = redis.pcall('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 20)
if type(used) == 'number' and used >= tonumber(ARGV[4]) then return -1 end
if ARGV[5] then
  redis.call('SET', KEYS[5], '1', 'EX', ARGV[6])
  local newest = redis.call('HGET', KEYS[4], ARGV[1])
  if not newest or tonumber(newest) < tonumber(ARGV[5]) then
    redis.call('HSET', KEYS[4], ARGV[1], ARGV[5])
  end
end
return add(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2])
"""
)
"""0 known already, -1 full, 1 stored, 2 stored where nothing waited."""

_SERVER = """
local function since(server, now)
  local here = redis.call('INFO', 'replication'):match('master_replid:(%x+)')
  local was = redis.call('HGET', server, 'id')
  if was ~= here then
    redis.call('HSET', server, 'id', here)
    if was then redis.call('HSET', server, 'since', now) end
  end
  return tonumber(redis.call('HGET', server, 'since') or 0)
end
"""

SINCE = (
    "#!lua flags=allow-oom\n"
    + _SERVER
    + """
-- KEYS server
local t = redis.call('TIME')
return since(KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000))
"""
)
"""When this server took over from another, or was started again, in ms; 0 if it never was."""

TAKE = (
    "#!lua flags=allow-oom\n"
    + _SERVER
    + """
-- KEYS events handed strikes turns taken later server
-- ARGV prefix, lease ms, count, cap, running (JSON)
local events, handed, strikes, turns, taken, later, server = unpack(KEYS)
local prefix, count, cap = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local running = cjson.decode(ARGV[5])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local function back(zset, strike)
  local over = redis.call('ZRANGE', zset, now, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1000)
  for _, id in ipairs(over) do
    redis.call('ZREM', zset, id)
    if redis.call('HEXISTS', events, id) == 1 then
      if strike then redis.call('HINCRBY', strikes, id, 1) end
      local channel = id:match(':(.*)$')
      if redis.call('LPUSH', prefix .. channel, id) == 1 then
        redis.call('RPUSH', turns, channel)
      end
    end
  end
end
back(later, false)
back(taken, true)

local found, capped = {}, false
local round = redis.call('LLEN', turns)
while round > 0 and #found < count * 4 do
  local channel = redis.call('LPOP', turns)
  local busy = running[channel] or 0
  if busy >= cap then
    redis.call('RPUSH', turns, channel)
    round, capped = round - 1, true
  else
    local id = redis.call('LPOP', prefix .. channel)
    local event = id and redis.call('HGET', events, id)
    if event then
      running[channel] = busy + 1
      redis.call('ZADD', taken, now + ARGV[2], id)
      found[#found + 1] = id
      found[#found + 1] = event
      found[#found + 1] = redis.call('HINCRBY', handed, id, 1)
      found[#found + 1] = tonumber(redis.call('HGET', strikes, id) or 0)
    end
    if redis.call('EXISTS', prefix .. channel) == 1 then
      redis.call('RPUSH', turns, channel)
    else
      round = round - 1
    end
  end
end
local left = 0
if redis.call('EXISTS', turns) == 1 then left = round > 0 and 2 or (capped and 1 or 0) end
return {left, since(server, now), found}
"""
)
"""{2 more can be taken, 1 not now, 0 nothing waits; since; id, event, handed, strikes…}"""

RENEW = """#!lua flags=allow-oom
-- KEYS handed taken; ARGV lease ms, then id and number of the hand-out, in turn
local t = redis.call('TIME')
local till = t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[1]
for n = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[n]) == ARGV[n + 1] then
    redis.call('ZADD', KEYS[2], 'XX', till, ARGV[n])
  end
end
"""

_FORGET = """
local function forget(id)
  for n = 1, 3 do redis.call('HDEL', KEYS[n], id) end
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZREM', KEYS[5], id)
end
"""

ANSWERED = (
    "#!lua flags=allow-oom\n"
    + _FORGET
    + """
-- KEYS events handed strikes taken later; ARGV id
forget(ARGV[1])
"""
)

POSTPONE = """#!lua flags=allow-oom
-- KEYS handed strikes taken later; ARGV id, number of the hand-out, delay ms, strikes to add
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return end
if redis.call('ZREM', KEYS[3], ARGV[1]) == 0 then return end
if ARGV[4] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[4]) end
local t = redis.call('TIME')
redis.call('ZADD', KEYS[4], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[3], ARGV[1])
"""

BURY = (
    "#!lua flags=allow-oom\n"
    + _FORGET
    + """
-- KEYS events handed strikes taken later dead; ARGV id, reason
local event = redis.call('HGET', KEYS[1], ARGV[1])
if event then redis.call('XADD', KEYS[6], '*', 'event', event, 'reason', ARGV[2]) end
forget(ARGV[1])
"""
)

REVIVE = (
    _ADD
    + """
-- KEYS events turns waiting dead; ARGV dead id, channel
local found = redis.call('XRANGE', KEYS[4], ARGV[1], ARGV[1])
if #found == 0 then return 0 end
redis.call('XDEL', KEYS[4], ARGV[1])
return add(KEYS[1], KEYS[2], KEYS[3], ARGV[2], found[1][2][2])
"""
)
"""0 where there is no such dead letter, else it waits again."""
