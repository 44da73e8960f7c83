package runs

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Epoch is a term of leadership.
type Epoch int64

// Lead takes the lead, or keeps it: for ttl from now by the server's clock. own is the epoch that the caller leads in,
// 0 where it does not. It gives ErrNotLeader while another one leads. The caller must count ttl from before the call.
func (s *Store) Lead(ctx context.Context, name string, own Epoch, ttl time.Duration) (Epoch, error) {
	var epoch Epoch
	err := s.transact(ctx, func(tx *sql.Tx) error {
		var over bool
		err := tx.QueryRowContext(ctx, "SELECT epoch, until < UTC_TIMESTAMP(6) FROM liveops_push_leader WHERE id = 1 FOR UPDATE").Scan(&epoch, &over)
		if err != nil {
			return err
		}
		switch {
		case own != 0 && epoch == own: // also where the lease is over, and nobody has taken it since
		case over:
			epoch++
		default:
			return ErrNotLeader
		}
		_, err = tx.ExecContext(ctx, "UPDATE liveops_push_leader SET epoch = ?, name = ?, until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND WHERE id = 1",
			epoch, name, ttl.Microseconds())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("take the lead of the pushes: %w", err)
	}
	return epoch, nil
}

// Resign gives the lead up, so that another one need not wait for its end.
func (s *Store) Resign(ctx context.Context, own Epoch) error {
	_, err := s.db.ExecContext(ctx, "UPDATE liveops_push_leader SET until = '1970-01-02' WHERE id = 1 AND epoch = ?", own)
	if err != nil {
		return fmt.Errorf("resign the lead of the pushes: %w", err)
	}
	return nil
}

// led runs a transaction of the leader of an epoch. Nobody else can take the lead before it has ended.
func (s *Store) led(ctx context.Context, own Epoch, work func(*sql.Tx) error) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		var epoch Epoch
		if err := tx.QueryRowContext(ctx, "SELECT epoch FROM liveops_push_leader WHERE id = 1 FOR UPDATE").Scan(&epoch); err != nil {
			return err
		}
		if epoch != own {
			return ErrNotLeader
		}
		return work(tx)
	})
}

func (s *Store) transact(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}
