package token

import (
	"testing"

	"hongbao/reference/wallet"
)

func BenchmarkSealReal(b *testing.B)     { benchmarkSeal(b, mustReal(b)) }
func BenchmarkOpenReal(b *testing.B)     { benchmarkOpen(b, mustReal(b)) }
func BenchmarkSealModelled(b *testing.B) { benchmarkSeal(b, mustModelled(b)) }
func BenchmarkOpenModelled(b *testing.B) { benchmarkOpen(b, mustModelled(b)) }

func benchmarkSeal(b *testing.B, s wallet.Sealer) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Seal(typical(), noon); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func benchmarkOpen(b *testing.B, s wallet.Sealer) {
	sealed, err := s.Seal(typical(), noon)
	if err != nil {
		b.Fatal(err)
	}
	who := wallet.Person{ActID: typical().Order.ActID}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(sealed, who, noon); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}
