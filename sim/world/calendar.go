package world

import "hongbao/internal/timerheap"

// An event's order word holds the sequence number above refBits bits that identify the task. Packed like this an event
// is 16 bytes without pointers, and the four children of a node of the calendar fill one cache line.
const refBits = 24

// maxTasks bounds the live processes and scheduled functions, and with them the calendar, in which each is listed at most
// once. It is the largest number that fits refBits. Sixteen million coroutines would not fit into memory anyway.
const maxTasks = 1 << refBits

// maxSeq is the last sequence number. A trillion events are a week of real time.
const maxSeq = 1<<(64-refBits) - 1

// event is one entry of the calendar. Its order, the sequence number and then the task's reference, orders events of the
// same time.
type event = timerheap.Item[struct{}]

func newEvent(at int64, seq uint64, ref uint32) event {
	if seq > maxSeq {
		panic("world: out of sequence numbers")
	}
	return event{At: at, Order: seq<<refBits | uint64(ref)}
}

// refOf returns the reference of an event's task.
func refOf(e *event) uint32 { return uint32(e.Order % maxTasks) }

// calendar holds the events to come.
type calendar = timerheap.Heap[struct{}]

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
