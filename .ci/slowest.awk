# Copies the output of go test, and adds a list of the ten slowest packages.
{ print; fflush() }
($1 == "ok" || $1 == "FAIL") && $3 + 0 > 0 { took[$2] = $3 + 0 }
END {
	print "\nThe slowest packages, in seconds:"
	fflush()
	for (p in took) printf "%8.1f  %s\n", took[p], p | "sort -rn | head -n 10"
}
