package world

// waitingProcesses returns the number of processes that sleep or wait at gates. It excludes those that Go has yet to start.
func (w *World) waitingProcesses() int { return w.waiting }
