// Command k6 is k6 with the extension k6/x/hongbao: what `xk6 build --with hongbao/loadtest/k6=.` would make.
package main

import (
	"go.k6.io/k6/cmd"

	_ "hongbao/loadtest/k6"
)

func main() { cmd.Execute() }
