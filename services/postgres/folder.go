package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/haigo-lab/haigo/services/ablation"
)

// FolderFile holds a data folder's id, in that folder.
const FolderFile = "folder.id"

// Folder is a data folder. Its id is the same wherever it is mounted; path and host are for people.
type Folder struct{ ID, Path, Host string }

// Settle makes a data folder the one that the database's runs, sources and checkpoints lie in, where it has none yet. Any
// other than that is *ablation.Refusal: events of runs that were started in one folder would be missed in the other.
func (s *Store) Settle(ctx context.Context, f Folder) error {
	var home Folder
	err := s.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO data_folder (id, path, host) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, f.ID, f.Path, f.Host); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `SELECT id, path, host FROM data_folder`).Scan(&home.ID, &home.Path, &home.Host)
	})
	switch {
	case err != nil:
		return fmt.Errorf("find the database's data folder: %w", err)
	case home.ID != f.ID:
		return ablation.Conflict(
			"this database belongs to another data folder, first used as %[1]s on %[2]s (its id is %[3]s): name that folder with --data, at whatever path it is here, or give %[4]s a database of its own",
			"このデータベースは別のデータフォルダーのものです（最初に使われたのは %[2]s の %[1]s、ID は %[3]s）。--data でそのフォルダーを指定するか（マウント先のパスは違っていてもかまいません）、%[4]s には専用のデータベースを用意してください",
			home.Path, home.Host, home.ID, f.Path)
	}
	return nil
}
