"""Lua functions that several scripts share: check key types, count labels, find tombstones."""

EXPECT = """
local function kind(key) return redis.call('TYPE', key)['ok'] end
local function expect(key, wanted)
  local found = kind(key)
  if found ~= wanted and found ~= 'none' then
    error(key .. ' holds a ' .. found .. ', not a ' .. wanted)
  end
end
"""
"""`expect(key, kind)` raises an error if a key has another type.

Call it before the first write: Redis does not undo the writes of a failed script, and an entry
could end up in no place at all, or in two.
"""

COUNT = """
local function label_of(row)
  local readable, found = pcall(cjson.decode, row)
  return readable and type(found) == 'table' and found['label']
end
local function count(hash, name, by)
  if type(name) ~= 'string' then return end
  redis.call('HSET', hash, name, (tonumber(redis.call('HGET', hash, name) or 0) or 0) + by)
end
"""
"""Count the labels of stored rows; skip rows and counts that cannot be read."""

FORGOTTEN = """
local function forgotten(key, user, ts)
  if not user or user == '' then return false end
  local since = redis.call('HGET', key, user)
  return since and tonumber(ts) and tonumber(ts) <= tonumber(since)
end
"""
"""`forgotten(key, user, ts)` is true if a message was sent before its author was forgotten."""
