package main

import (
	"github.com/spf13/cobra"

	"liveops/datarepo"
)

func (a *app) schemaCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a file that users write",
		Long:  "Print the JSON Schema of a file that users write, for an editor to complete and check it by.",
		Example: `  liveops schema config > liveops.schema.json
  # and as the first line of liveops.yaml: # yaml-language-server: $schema=liveops.schema.json`,
		Args: cobra.NoArgs, // without it, the schema of a file that there is not would be this help and exit code 0
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:     "config",
		Short:   "The JSON Schema of liveops.yaml",
		Example: "  liveops schema config > liveops.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(datarepo.Schema())
			return err
		},
	})
	c.AddCommand(&cobra.Command{
		Use:     "purge",
		Short:   "The JSON Schema of a purge, purges/*.yaml",
		Example: "  liveops schema purge > purge.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(datarepo.PurgeSchema())
			return err
		},
	})
	c.AddCommand(&cobra.Command{
		Use:     "push",
		Short:   "The JSON Schema of a push campaign, pushes/*.yaml",
		Example: "  liveops schema push > push.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.out.Write(datarepo.CampaignSchema())
			return err
		},
	})
	return c
}
