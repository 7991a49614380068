package downstream

// Sign is sign, for tests that forge.
var Sign = sign
