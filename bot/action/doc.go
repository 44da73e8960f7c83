// Package action is the bot in GitHub Actions, with no server: one event goes through the bot's own handlers, on a
// queue that ends with the process, and what it came to is told to the workflow run as well: in its log, as
// annotations, in the job's summary and as outputs
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
package action
