package runningtotal

import "hongbao/reference/wallet"

// Sum returns the sum added in the stage, reported or not, in fen; 0 for an unknown stage.
func (w *Writer) Sum(s wallet.Stage) wallet.Money {
	if s.Validate() != nil {
		return 0
	}
	return wallet.Money(w.stages[s].added.Load())
}
