package downstream

// Sign and Sorted are sign and sorted, for tests that forge.
var (
	Sign   = sign
	Sorted = sorted
)
