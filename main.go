// Command hongbao rehearses a red-packet festival: it replays scenarios against a reference wallet and reports whether
// the money was safe. The subcommands are in internal/cmd.
package main

import "hongbao/internal/cmd"

func main() { cmd.Main() }
