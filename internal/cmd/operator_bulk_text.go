package cmd

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"hongbao/reference/wallet"
)

// planJSON is the --json form of a dry run.
type planJSON struct {
	Digest string      `json:"digest"`
	Stage  string      `json:"stage"`
	Rows   int         `json:"rows"`
	Fits   bool        `json:"fits"`
	Same   int64       `json:"same_as_job"`
	Needs  []needJSON  `json:"needs"`
	Faults []faultJSON `json:"faults"`
}

type needJSON struct {
	Scene  wallet.SceneID  `json:"scene"`
	Award  string          `json:"award"`
	Reward wallet.RewardID `json:"reward"`
	Rows   int             `json:"rows"`
	Amount int64           `json:"amount_fen"`
	Left   int64           `json:"left"`
	Fits   bool            `json:"fits"`
}

type faultJSON struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

func planOf(p wallet.BulkPlan) planJSON {
	out := planJSON{hex.EncodeToString(p.Digest[:]), p.Stage.String(), p.Rows, p.Fits, p.ExistingJob, []needJSON{}, []faultJSON{}}
	for _, n := range p.Needs {
		out.Needs = append(out.Needs, needJSON{n.Scene, n.Award.String(), n.Reward, n.Rows, int64(n.Amount), n.Left, n.Fits})
	}
	for _, x := range p.Faults {
		out.Faults = append(out.Faults, faultJSON{x.Line, x.Text})
	}
	return out
}

// printPlan writes a dry run as text.
func printPlan(w io.Writer, p wallet.BulkPlan) {
	for _, x := range p.Faults {
		fmt.Fprintf(w, "line %d: %s\n", x.Line, x.Text)
	}
	if len(p.Faults) > 0 {
		fmt.Fprintf(w, "%d faults: correct them before the list can be granted\n", len(p.Faults))
		return
	}
	for _, n := range p.Needs {
		what, left := fmt.Sprintf("%d × %s", n.Rows, n.Reward), "no limit"
		if n.Award == wallet.Cash {
			what = fmt.Sprintf("%d × cash, %d fen", n.Rows, int64(n.Amount))
		}
		if n.Left >= 0 {
			left = fmt.Sprintf("%d left", n.Left)
		}
		fits := "fits"
		if !n.Fits {
			fits = "DOES NOT FIT"
		}
		fmt.Fprintf(w, "%s: %s (%s): %s\n", n.Scene, what, left, fits)
	}
	if p.ExistingJob != 0 {
		fmt.Fprintf(w, "this list already is job %d\n", p.ExistingJob)
	}
}

// jobJSON is the --json form of a job.
type jobJSON struct {
	ID        int64  `json:"id"`
	Digest    string `json:"digest"`
	By        string `json:"by"`
	CreatedUs int64  `json:"created_us"`
	State     string `json:"state"`
	Rows      int    `json:"rows"`
	Done      int    `json:"done"`
	Granted   int    `json:"granted"`
	Rain      int32  `json:"rain"`
}

func jobOf(j wallet.BulkJob) jobJSON {
	return jobJSON{j.ID, hex.EncodeToString(j.Digest[:]), j.By, int64(j.Created), j.State.String(), j.Rows, j.Done, j.Granted, j.Rain()}
}

// jobLine returns a job as one line.
func jobLine(j wallet.BulkJob) string {
	return fmt.Sprintf("job %d: %s, %d of %d rows done, %d granted, %d not; by %s at %s", j.ID, j.State, j.Done, j.Rows, j.Granted, j.Done-j.Granted, j.By,
		j.Created.Time().Format(time.RFC3339))
}
