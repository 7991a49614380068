package redis

// takeScript hands out what ended leases give back, oldest first, then what was never handed out.
//
// KEYS: the shard's stream; its leases. ARGV: now; the new leases' end; how many to give; how many ended leases to
// look at; seconds after which untouched leases expire, or nothing.
//
// A lease is a member of a zset: an entry's id, scored with the lease's end. The member scored +inf names the entry
// that was handed out last. It lives among the leases so that it cannot outlast them: were they lost alone, nobody
// would ever take what they stood for. A lease without an entry is of one that Issue took back.
const takeScript = `
local stream, leased = KEYS[1], KEYS[2]
local limit = tonumber(ARGV[3])
local out, marks = {}, {}
local function give(entry)
  out[#out+1] = entry[1]
  out[#out+1] = entry[2][2]
  marks[#marks+1] = ARGV[2]
  marks[#marks+1] = entry[1]
end

local ended = redis.call('ZRANGEBYSCORE', leased, '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
for i, id in ipairs(ended) do
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  ended[i] = {tonumber(ms), tonumber(seq), id}
end
table.sort(ended, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)
for _, e in ipairs(ended) do
  if #out >= 2 * limit then break end
  local found = redis.call('XRANGE', stream, e[3], e[3])
  if found[1] then give(found[1]) else redis.call('ZREM', leased, e[3]) end
end

local room = limit - #out / 2
if room > 0 then
  local mark = redis.call('ZRANGEBYSCORE', leased, '+inf', '+inf')[1]
  local from = mark and '(' .. string.sub(mark, 6) or '-'
  local fresh = redis.call('XRANGE', stream, from, '+', 'COUNT', room)
  for _, entry in ipairs(fresh) do give(entry) end
  if #fresh > 0 then
    if mark then redis.call('ZREM', leased, mark) end
    redis.call('ZADD', leased, '+inf', 'last:' .. fresh[#fresh][1])
  end
end

for i = 1, #marks, 1000 do
  redis.call('ZADD', leased, unpack(marks, i, math.min(i + 999, #marks)))
end
if #marks > 0 and ARGV[5] ~= '' then redis.call('EXPIRE', leased, ARGV[5]) end
return out
`

// ackScript removes entries and their leases. KEYS: the shard's stream; its leases. ARGV: the entries' ids, ascending,
// each once. A poster that keeps pace acknowledges the oldest entries there are, and these can be cut off together,
// which the embedded server does at once, while it moves the whole rest of the stream for each that is deleted alone.
const ackScript = `
local stream, leased = KEYS[1], KEYS[2]
local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', #ARGV)
local oldest = #first == #ARGV
for i = 1, #ARGV do
  if not oldest then break end
  oldest = first[i][1] == ARGV[i]
end
if oldest then
  redis.call('XTRIM', stream, 'MAXLEN', redis.call('XLEN', stream) - #ARGV)
else
  redis.call('XDEL', stream, unpack(ARGV))
end
redis.call('ZREM', leased, unpack(ARGV))
return 0
`
