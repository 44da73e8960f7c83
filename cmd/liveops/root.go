package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// root is the command line.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "liveops",
		Short: "Run a live game from a Git repository",
		Long: `liveops brings game tables from xlsx workbooks in a Git repository (the data repo) into MySQL:
it shows the difference row by row, applies it to staging and then to production, and undoes it.

Each environment of liveops.yaml has its database in a setting of the process, such as
LIVEOPS_STAGING_MYSQL_DSN=user:password@tcp(host:3306)/game, or in a file that
LIVEOPS_STAGING_MYSQL_DSN_FILE names.

Exit codes: 0 done or nothing to do, 1 there are changes (plan), 2 an error or a problem.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.AddCommand(a.validateCommand(), a.planCommand(), a.applyCommand(), a.rollbackCommand(), a.statusCommand(),
		a.lockCommand(), a.unlockCommand(), a.serveCommand("serve"), a.serveCommand("bot"), a.schemaCommand(), a.diffCommand(),
		a.exportCommand(), a.initCommand(), a.promoteCommand(), a.actionCommand(), a.purgeCommand(), a.pushCommand(), a.pushdCommand())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	return root
}

// version is what the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value
		}
	}
	return v
}
