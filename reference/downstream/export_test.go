package downstream

// MaxCallback is maxCallback, for tests outside the package.
const MaxCallback = maxCallback

// Sign and Sorted export sign and sorted for tests that forge signatures.
var (
	Sign   = sign
	Sorted = sorted
)
