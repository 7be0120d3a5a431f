"""Scripts that Redis runs: what they do happens whole, or not at all."""

# KEYS: record, active, running, recent, stream, work. ARGV: status, allowed, time, keep_s, id, event, then fields.
MOVE = """
local before = redis.call('HGET', KEYS[1], 'status')
if not before or not string.find(ARGV[2], ',' .. before .. ',', 1, true) then return 0 end
local id, status = ARGV[5], ARGV[1]
redis.call('HSET', KEYS[1], 'status', status, unpack(ARGV, 7))
if status == 'done' or status == 'failed' or status == 'cancelled' then
  redis.call('ZREM', KEYS[2], id) redis.call('SREM', KEYS[3], id) redis.call('ZADD', KEYS[4], ARGV[3], id)
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', ARGV[3] - ARGV[4] * 1000)
  redis.call('EXPIRE', KEYS[1], ARGV[4]) redis.call('EXPIRE', KEYS[6], ARGV[4])
else
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], id) redis.call('ZREM', KEYS[4], id)
  redis.call('PERSIST', KEYS[1]) redis.call('PERSIST', KEYS[6])
  if status == 'running' then redis.call('SADD', KEYS[3], id) else redis.call('SREM', KEYS[3], id) end
end
redis.call('XADD', KEYS[5], 'MAXLEN', '~', 5000, '*', 'e', ARGV[6])
return 1
"""

# KEYS: record, stream. ARGV: event, then fields. Nothing is told of a job that does not run (any more).
PROGRESS = """
if redis.call('HGET', KEYS[1], 'status') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 5000, '*', 'e', ARGV[1])
return 1
"""
# KEYS: record. ARGV: fields. A record that was forgotten does not come back in part.
NOTE = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
"""
