package packet

// Split is split, for tests outside the package.
var Split = split
