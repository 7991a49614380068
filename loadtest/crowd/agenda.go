package crowd

import "hongbao/internal/timerheap"

// intent is something that somebody will do.
type intent struct {
	visit Visit
	kind  uint8
}

// agenda holds intents by their time from the plan's start. It holds at most seven for each win (bind, read the page,
// withdraw, read it again, list, use, send), and two for each share of a packet, until their delays have passed.
type agenda = timerheap.Heap[intent]
