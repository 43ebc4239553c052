"""What the scripts in Lua share: keys are checked before anything is written."""

EXPECT = """
local function kind(key) return redis.call('TYPE', key)['ok'] end
local function expect(key, wanted)
  local found = kind(key)
  if found ~= wanted and found ~= 'none' then
    error(key .. ' holds a ' .. found .. ', not a ' .. wanted)
  end
end
"""
"""`expect(key, kind)` ends a script before it writes; Redis does not undo what was written before.

A script that failed halfway would leave an entry in no place at all, or in two.
"""
