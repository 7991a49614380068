package downstream

// Sign and Sorted export sign and sorted for tests that forge signatures.
var (
	Sign   = sign
	Sorted = sorted
)
