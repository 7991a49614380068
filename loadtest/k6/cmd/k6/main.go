// Command k6 is k6 with the extension k6/x/hongbao, like the result of `xk6 build --with hongbao/loadtest/k6=.`.
package main

import (
	"go.k6.io/k6/cmd"

	_ "hongbao/loadtest/k6"
)

func main() { cmd.Execute() }
