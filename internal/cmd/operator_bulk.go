package cmd

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// jobPollInterval is the polling interval of hongbao operator bulk start --wait.
const jobPollInterval = 500 * time.Millisecond

// oneJob is the Args of a command about one job.
var oneJob = arguments(1, 1, "one job")

func bulkCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "bulk", Short: "Re-issue rewards to a list of people", Args: subcommandOnly, RunE: help,
		Long: fmt.Sprintf(`A list is CSV with the header

  app,user,scene,award,amount_fen,reason

and at most %d lines and %d bytes. The column reason is optional. Cash needs an amount in fen. Other rewards have the
amount 0 or none; the scene selects the reward.

The same list always gives the same job: a second create returns the existing one. Each line is granted at most once, even
if the service is killed during the job. A job that is started again continues after its last completed row.`, wallet.MaxBulkRows, wallet.MaxBulkBytes),
		Example: `  hongbao operator bulk check list.csv    # dry run: what it would grant, whether it fits, and all faults
  hongbao operator bulk create list.csv   # records the job; nothing is granted yet
  hongbao operator bulk start 1 --wait
  hongbao operator bulk status --json
  hongbao operator bulk rows 1 --refused > refused.csv`}
	cmd.AddCommand(bulkCheck(f), bulkCreate(f), bulkStart(f), bulkStop(f), bulkStatus(f), bulkRows(f))
	return cmd
}

func bulkCheck(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "check FILE", Short: "Dry run: show what a list would grant, and all its faults", Args: oneFile,
		Long:    "Exit codes: 2 if the list has faults, 4 if the budget or a stock is too small.",
		Example: "  hongbao operator bulk check list.csv",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			list, err := readAtMost(args[0], wallet.MaxBulkBytes)
			if err != nil {
				return err
			}
			plan, err := o.CheckBulk(cmd.Context(), list)
			if err != nil {
				return err
			}
			if err := f.print(cmd.OutOrStdout(), planOf(plan), func(w io.Writer) { printPlan(w, plan) }); err != nil {
				return err
			}
			switch {
			case len(plan.Faults) > 0:
				return as(errUsage, errPrinted)
			case !plan.Fits:
				return as(errMissed, errPrinted)
			}
			return nil
		})}
}

// printJob prints the job of an answer, or returns its error.
func (f *operatorFlags) printJob(cmd *cobra.Command, j wallet.BulkJob, err error) error {
	if err != nil {
		return err
	}
	return f.print(cmd.OutOrStdout(), jobOf(j), func(w io.Writer) { fmt.Fprintln(w, jobLine(j)) })
}

func bulkCreate(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "create FILE", Short: "Record a list as a job; nothing is granted before it is started", Args: oneFile,
		Example: "  hongbao operator bulk create list.csv",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			list, err := readAtMost(args[0], wallet.MaxBulkBytes)
			if err != nil {
				return err
			}
			job, _, err := o.CreateBulk(cmd.Context(), list)
			return f.printJob(cmd, job, err)
		})}
}

func bulkStart(f *operatorFlags) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{Use: "start JOB", Short: "Start a job, or continue a stopped one", Args: oneJob,
		Long: `Starts a job. With --wait it shows the progress until the job is done or stopped. Ctrl-C ends the wait but not the job.

Exit code 4: the job is done, but some rows were not granted as the list specifies.`,
		Example: "  hongbao operator bulk start 1 --wait",
		RunE: f.runNumber("a job", func(cmd *cobra.Command, o *client.OperatorClient, id int64) error {
			job, err := o.StartBulk(cmd.Context(), id)
			if err == nil && wait {
				job, err = waitForJob(cmd.Context(), cmd.ErrOrStderr(), o, job)
			}
			if err := f.printJob(cmd, job, err); err != nil {
				return err
			}
			if job.State == wallet.BulkDone && job.Granted < job.Rows {
				return as(errMissed, errPrinted)
			}
			return nil
		})}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the job is done, and show its progress")
	return cmd
}

// waitForJob polls until a job no longer runs, and shows its progress on a terminal.
func waitForJob(ctx context.Context, w io.Writer, o *client.OperatorClient, job wallet.BulkJob) (wallet.BulkJob, error) {
	show := func(wallet.BulkJob) {}
	if isTerminal(w) {
		bar := newBar(w)
		defer func() { _ = bar.Finish() }()
		show = func(j wallet.BulkJob) {
			bar.ChangeMax64(int64(j.Rows))
			bar.Describe(fmt.Sprintf("job %d · %d granted", j.ID, j.Granted))
			_ = bar.Set64(int64(j.Done))
		}
	}
	t := time.NewTicker(jobPollInterval)
	defer t.Stop()
	for job.State == wallet.BulkRunning {
		show(job)
		select {
		case <-ctx.Done():
			return job, as(errInterrupted, fmt.Errorf("job %d continues; to stop it run: hongbao operator bulk stop %d", job.ID, job.ID))
		case <-t.C:
		}
		var err error
		if job, err = o.BulkJob(ctx, job.ID); err != nil {
			return job, err
		}
	}
	return job, nil
}

func bulkStop(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "stop JOB", Short: "Stop a job; rewards already granted stay granted", Args: oneJob, Example: "  hongbao operator bulk stop 1",
		RunE: f.runNumber("a job", func(cmd *cobra.Command, o *client.OperatorClient, id int64) error {
			job, err := o.StopBulk(cmd.Context(), id)
			return f.printJob(cmd, job, err)
		})}
}

func bulkStatus(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "status [JOB]", Short: "Show the progress of a job, or of the newest jobs", Args: arguments(0, 1, "at most one job"),
		Example: "  hongbao operator bulk status\n  hongbao operator bulk status 1 --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			if len(args) > 0 {
				id, err := parseNumber(args[0], "a job")
				if err != nil {
					return err
				}
				job, err := o.BulkJob(cmd.Context(), id)
				return f.printJob(cmd, job, err)
			}
			jobs, err := o.BulkJobs(cmd.Context(), 0, wallet.MaxPage)
			if err != nil {
				return err
			}
			return printList(f, cmd, jobs, jobOf, jobLine)
		})}
}

func bulkRows(f *operatorFlags) *cobra.Command {
	var failed bool
	cmd := &cobra.Command{Use: "rows JOB", Short: "Print a job's rows with their outcomes, as CSV", Args: oneJob,
		Long: `Prints the line number, the columns of the list, and the outcome: ok, fallback or greeting (too few coupons were left), or
the reason of the refusal. The outcome is empty if the row is not done yet.`,
		Example: "  hongbao operator bulk rows 1 --refused > refused.csv",
		RunE: f.runNumber("a job", func(cmd *cobra.Command, o *client.OperatorClient, id int64) error {
			return writeRows(cmd.Context(), cmd.OutOrStdout(), o, id, failed)
		})}
	cmd.Flags().BoolVar(&failed, "refused", false, "print only the rows that are done but were not granted as the list specifies")
	return cmd
}

// writeRows writes the rows of a job as CSV, page by page.
func writeRows(ctx context.Context, w io.Writer, o *client.OperatorClient, id int64, failed bool) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"line", "app", "user", "scene", "award", "amount_fen", "reason", "outcome"}) // out.Error returns the first write error
	for from := 0; from < wallet.MaxBulkRows; from += client.MaxBulkPage {
		rows, err := o.BulkRows(ctx, id, from, client.MaxBulkPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if failed && (r.Outcome == "" || r.Outcome == wallet.BulkGranted) {
				continue
			}
			_ = out.Write([]string{strconv.Itoa(r.Line), r.App.String(), strconv.FormatInt(int64(r.User), 10), string(r.Scene), r.Award.String(),
				strconv.FormatInt(int64(r.Amount), 10), r.Reason, r.Outcome})
		}
		if len(rows) < client.MaxBulkPage {
			break
		}
	}
	out.Flush()
	return out.Error()
}
