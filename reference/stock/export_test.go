package stock

// Names for tests outside the package.
const MaxParts = maxParts

var Retire = retireStock
