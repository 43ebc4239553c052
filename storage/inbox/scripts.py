"""The inbox's steps in Lua: each is atomic and uses the keys of one workspace only.

An entry's id is its time of receipt in microseconds, a colon, and its channel. An unfinished entry
is in the hash of events, and in exactly one of these: its channel's list (waiting), `taken`
(in flight until the lease ends), `later` (retried at that time), and `suspects` (failed before:
delivered alone, from that time on).

Each script reads and checks everything it needs before it writes. Scripts that only move or remove
entries may run when memory is full, because they free memory.
"""

from storage.server.lua import EXPECT, FORGOTTEN

_NOW = """
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
"""

_ADD = (
    EXPECT
    + """
local function ready(events, turns, waiting)
  expect(events, 'hash')
  expect(turns, 'list')
  expect(waiting, 'list')
end
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
)

RECEIVE = (
    _ADD
    + FORGOTTEN
    + """
-- KEYS events turns waiting forgotten seen [known]
-- ARGV channel event, limits of events and of bytes, author and ts of a message,
--      [ts, seconds to keep it in `seen`, seconds to keep it in `known`]
ready(KEYS[1], KEYS[2], KEYS[3])
expect(KEYS[4], 'hash')
if forgotten(KEYS[4], ARGV[5], ARGV[6]) then return 0 end
if ARGV[7] and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return -1 end
local used = redis.pcall('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 20)
if type(used) == 'number' and used >= tonumber(ARGV[4]) then return -1 end
local ts = KEYS[6] and tonumber(ARGV[7])
if ts then expect(KEYS[6], 'zset') end
if ARGV[7] then redis.call('SET', KEYS[5], '1', 'EX', ARGV[8]) end
if ts then
  redis.call('ZADD', KEYS[6], ts, ARGV[7])
  redis.call('EXPIRE', KEYS[6], ARGV[9])
end
return add(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2])
"""
)
"""Answers 0 for a duplicate or forgotten author, -1 if full, 1 if stored, 2 if stored as the only
waiting entry of its channel."""

CALL = (
    "#!lua flags=allow-oom\n"
    + _NOW
    + """
-- KEYS calls; ARGV team
redis.call('ZADD', KEYS[1], 'NX', now_ms(), ARGV[1])
"""
)

_SERVER = """
local function here()
  local info = redis.pcall('INFO', 'replication')
  return type(info) == 'string' and info:match('master_replid:(%x+)')
end
local function since(server, id, now)
  local was = redis.call('HGET', server, 'id')
  if id and was ~= id then
    redis.call('HSET', server, 'id', id)
    if was then redis.call('HSET', server, 'since', now) end
  end
  return tonumber(redis.call('HGET', server, 'since') or 0)
end
"""
"""Without the right to INFO, failovers go unnoticed; `triage doctor` reports it."""

SINCE = (
    "#!lua flags=allow-oom\n"
    + EXPECT
    + _NOW
    + _SERVER
    + """
-- KEYS server
expect(KEYS[1], 'hash')
return since(KEYS[1], here(), now_ms())
"""
)
"""Answers the time of the last failover or restart in ms; 0 if there was none."""

_HAND_OUT = (
    EXPECT
    + _NOW
    + _SERVER
    + """
local function over(zset, now)
  return redis.call('ZRANGE', zset, now, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1000)
end
local function number(hash, id) return tonumber(redis.call('HGET', hash, id) or 0) or 0 end

-- A worker died. Any of its entries may be the cause, so each is delivered alone from now on. An
-- entry that was alone already waits longer each time, so that others can pass.
local function lapse(events, strikes, taken, suspects, now)
  for _, id in ipairs(over(taken, now)) do
    redis.call('ZREM', taken, id)
    if redis.call('HEXISTS', events, id) == 1 then
      local died = number(strikes, id) + 1
      redis.call('HSET', strikes, id, died)
      local wait = died == 1 and 0 or math.min(60000, 500 * 2 ^ (died - 2))
      redis.call('ZADD', suspects, now + wait, id)
    end
  end
end

local function give(found, id, event, handed, strikes, taken, till)
  redis.call('ZADD', taken, till, id)
  local times = number(handed, id) + 1
  redis.call('HSET', handed, id, times)
  for _, value in ipairs({id, event, times, number(strikes, id)}) do found[#found + 1] = value end
end
"""
)

TAKE = (
    "#!lua flags=allow-oom\n"
    + _HAND_OUT
    + """
-- KEYS events handed strikes taken suspects server turns later
-- ARGV lease ms, prefix, count, cap, running (JSON)
local events, handed, strikes, taken, suspects, server, turns, later = unpack(KEYS)
local prefix, count, cap = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local running = cjson.decode(ARGV[5])
for _, key in ipairs({events, handed, strikes, server}) do expect(key, 'hash') end
for _, key in ipairs({taken, suspects, later}) do expect(key, 'zset') end
expect(turns, 'list')
local id, now = here(), now_ms()

lapse(events, strikes, taken, suspects, now)
for _, due in ipairs(over(later, now)) do
  local channel = due:match(':(.*)$') or ''
  local found = kind(prefix .. channel)
  if found == 'list' or found == 'none' then
    redis.call('ZREM', later, due)
    if redis.call('HEXISTS', events, due) == 1
      and redis.call('LPUSH', prefix .. channel, due) == 1 then
      redis.call('RPUSH', turns, channel)
    end
  end
end

local found, capped = {}, false
local round = redis.call('LLEN', turns)
while round > 0 and #found < count * 4 do
  local channel = redis.call('LPOP', turns)
  local busy = running[channel] or 0
  if kind(prefix .. channel) ~= 'list' then
    round = round - 1
  elseif busy >= cap then
    redis.call('RPUSH', turns, channel)
    round, capped = round - 1, true
  else
    local first = redis.call('LPOP', prefix .. channel)
    local event = redis.call('HGET', events, first)
    if event then
      running[channel] = busy + 1
      give(found, first, event, handed, strikes, taken, now + ARGV[1])
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
return {left, redis.call('ZCOUNT', suspects, '-inf', now), since(server, id, now), now, found}
"""
)
"""Answers {left, number of due suspects, since, now, {id, event, handed, strikes, …}}.

`left` is 2 if more entries can be taken now, 1 if the cap forbids it, 0 if none waits."""

TAKE_SUSPECT = (
    "#!lua flags=allow-oom\n"
    + _HAND_OUT
    + """
-- KEYS events handed strikes taken suspects server; ARGV lease ms
local events, handed, strikes, taken, suspects, server = unpack(KEYS)
for _, key in ipairs({events, handed, strikes, server}) do expect(key, 'hash') end
for _, key in ipairs({taken, suspects}) do expect(key, 'zset') end
local here_id, now = here(), now_ms()

lapse(events, strikes, taken, suspects, now)
local found = {}
while #found == 0 do
  local id = redis.call('ZRANGE', suspects, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
  if not id then break end
  redis.call('ZREM', suspects, id)
  local event = redis.call('HGET', events, id)
  if event then give(found, id, event, handed, strikes, taken, now + ARGV[1]) end
end
return {since(server, here_id, now), now, found}
"""
)
"""Answers {since, now, {id, event, handed, strikes}} of the suspect that was due first, if any."""

RENEW = (
    "#!lua flags=allow-oom\n"
    + EXPECT
    + _NOW
    + """
-- KEYS handed taken; ARGV lease ms, then pairs of id and number of the delivery
expect(KEYS[1], 'hash')
expect(KEYS[2], 'zset')
local till = now_ms() + ARGV[1]
for n = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[n]) == ARGV[n + 1] then
    redis.call('ZADD', KEYS[2], 'XX', till, ARGV[n])
  end
end
"""
)

_FORGET = (
    EXPECT
    + """
local function ready()
  for n = 1, 3 do expect(KEYS[n], 'hash') end
  for n = 4, 6 do expect(KEYS[n], 'zset') end
end
local function forget(id)
  for n = 1, 3 do redis.call('HDEL', KEYS[n], id) end
  for n = 4, 6 do redis.call('ZREM', KEYS[n], id) end
end
"""
)

FINISH = (
    "#!lua flags=allow-oom\n"
    + _FORGET
    + """
-- KEYS events handed strikes taken later suspects; ARGV id
ready()
local found = redis.call('HEXISTS', KEYS[1], ARGV[1])
forget(ARGV[1])
return found
"""
)

POSTPONE = (
    "#!lua flags=allow-oom\n"
    + _FORGET
    + _NOW
    + """
-- KEYS events handed strikes taken later suspects
-- ARGV id, number of the delivery, delay ms, strikes to add
ready()
local id = ARGV[1]
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return end
if not redis.call('ZSCORE', KEYS[4], id) then return end
local strikes = (tonumber(redis.call('HGET', KEYS[3], id) or 0) or 0) + ARGV[4]
redis.call('ZREM', KEYS[4], id)
if strikes > 0 then redis.call('HSET', KEYS[3], id, strikes) end
redis.call('ZADD', strikes > 0 and KEYS[6] or KEYS[5], now_ms() + ARGV[3], id)
"""
)

GIVE_UP = (
    "#!lua flags=allow-oom\n"
    + _FORGET
    + """
-- KEYS events handed strikes taken later suspects dead; ARGV id, reason
ready()
expect(KEYS[7], 'stream')
local event = redis.call('HGET', KEYS[1], ARGV[1])
if event then redis.call('XADD', KEYS[7], '*', 'event', event, 'reason', ARGV[2]) end
forget(ARGV[1])
"""
)

REVIVE = (
    _ADD
    + """
-- KEYS events turns waiting dead; ARGV dead id, channel
ready(KEYS[1], KEYS[2], KEYS[3])
expect(KEYS[4], 'stream')
local found = redis.call('XRANGE', KEYS[4], ARGV[1], ARGV[1])
if #found == 0 then return 0 end
local at = 2
for n = 1, #found[1][2], 2 do if found[1][2][n] == 'event' then at = n + 1 end end
redis.call('XDEL', KEYS[4], ARGV[1])
return add(KEYS[1], KEYS[2], KEYS[3], ARGV[2], found[1][2][at])
"""
)
"""Answers 0 if there is no such dead letter; otherwise its event waits in the inbox again."""

TRIM = (
    "#!lua flags=allow-oom\n"
    + EXPECT
    + _NOW
    + """
-- KEYS dead outlived; ARGV ms to keep
expect(KEYS[1], 'stream')
expect(KEYS[2], 'string')
local oldest = string.format('%.0f', math.max(0, now_ms() - ARGV[1]))
local dropped = redis.call('XTRIM', KEYS[1], 'MINID', oldest)
if dropped > 0 then redis.call('INCRBY', KEYS[2], dropped) end
return dropped
"""
)
"""Answers the number of expired dead letters that were dropped."""
