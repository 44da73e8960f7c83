package runs

import (
	"context"
	"database/sql"
	"fmt"

	"liveops/pushd/campaign"
)

// Stuck is how many batches of a run wait for a worker that can send by a gateway, while none can.
type Stuck struct {
	Gateway campaign.Gateway
	Batches int
}

// RecordLacking records to which platforms no worker can send, each with its gateway, in the place of those that were recorded before.
func (s *Store) RecordLacking(ctx context.Context, own Epoch, all map[campaign.Platform]campaign.Gateway) error {
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM liveops_push_lacking"); err != nil {
			return err
		}
		for platform, gateway := range all {
			if _, err := tx.ExecContext(ctx, "INSERT INTO liveops_push_lacking (platform, gateway) VALUES (?, ?)", string(platform), string(gateway)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record which gateways no worker can send by: %w", err)
	}
	return nil
}

// Stuck sets Run.Stuck of runs that are running or paused: of batches that are handed out, as the leader knows workers. While nobody leads it is of none.
func (s *Store) Stuck(ctx context.Context, all []Run) error {
	of := map[int64]*Run{}
	var ids []any
	for i := range all {
		if r := &all[i]; r.State == Running || r.State == Paused {
			of[r.ID] = r
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.db.QueryContext(ctx, `SELECT b.run_id, l.gateway, COUNT(*) FROM liveops_push_lacking l JOIN liveops_push_batches b ON b.platform = l.platform
		WHERE b.settled = 0 AND b.run_id IN (`+placeholders(len(ids))+`) AND EXISTS (SELECT 1 FROM liveops_push_leader WHERE until > UTC_TIMESTAMP(6))
		GROUP BY b.run_id, l.gateway ORDER BY b.run_id, l.gateway`, ids...)
	if isServerError(err, noSuchTable) { // nobody has led since it is recorded
		return nil
	}
	if err != nil {
		return fmt.Errorf("read which batches no worker can send: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var one Stuck
		if err := rows.Scan(&id, &one.Gateway, &one.Batches); err != nil {
			return fmt.Errorf("read which batches no worker can send: %w", err)
		}
		of[id].Stuck = append(of[id].Stuck, one)
	}
	return rows.Err()
}
