package world

// An event's order word holds the sequence number above refBits bits that identify the task. Packed like this an event
// is 16 bytes without pointers, and the four children of a node of the calendar fill one cache line.
const refBits = 24

// maxTasks bounds the live processes and scheduled functions, and with them the calendar, in which each is listed at most
// once. It is the largest number that fits refBits. Sixteen million coroutines would not fit into memory anyway.
const maxTasks = 1 << refBits

// maxSeq is the last sequence number. A trillion events are a week of real time.
const maxSeq = 1<<(64-refBits) - 1

// event is one entry of the calendar.
type event struct {
	at    int64  // Unix nanoseconds, not negative
	order uint64 // sequence number, then the task's reference: orders events of the same time
}

func newEvent(at int64, seq uint64, ref uint32) event {
	if seq > maxSeq {
		panic("world: out of sequence numbers")
	}
	return event{at: at, order: seq<<refBits | uint64(ref)}
}

func (e event) ref() uint32 { return uint32(e.order % maxTasks) }

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.order < o.order }

// calendar holds the events to come: a heap with four children per node, because it is half as deep as a binary heap
// and the children of a node are adjacent in memory.
type calendar []event

func (c *calendar) push(e event) {
	h := append(*c, e)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
	*c = h
}

// pop removes the earliest event. The calendar must not be empty.
func (c *calendar) pop() event {
	h := *c
	first := h[0]
	last := h[len(h)-1]
	h = h[:len(h)-1]
	*c = h
	if len(h) == 0 {
		return first
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for j := child + 1; j < min(child+4, len(h)); j++ {
			if h[j].before(h[least]) {
				least = j
			}
		}
		if !h[least].before(last) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
	return first
}

// task is what an event runs: a function, or a process to resume.
type task struct {
	fn      func()
	waits   bool     // fn runs in a separate process
	process *process // nil for a function
}

// tasks numbers the tasks that the calendar refers to. A number is reused after its task is removed.
type tasks struct {
	list []task
	free []uint32
}

func (s *tasks) add(k task) uint32 {
	if n := len(s.free); n > 0 {
		ref := s.free[n-1]
		s.free = s.free[:n-1]
		s.list[ref] = k
		return ref
	}
	if len(s.list) == maxTasks {
		panic("world: more processes and scheduled functions than a calendar can number")
	}
	s.list = append(s.list, k)
	return uint32(len(s.list) - 1)
}

func (s *tasks) remove(ref uint32) {
	s.list[ref] = task{}
	s.free = append(s.free, ref)
}
