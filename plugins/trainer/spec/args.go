package spec

import (
	"flag"
	"fmt"
	"path/filepath"
)

// Args reads the command line of a runner of this repository, `PROGRAM COMMAND --dir D --rows R`, where args begin with the
// command: the attempt's folder, absolute, "." unless given, and the folder of cached rows, that of the data folder which the
// attempt lies in unless given.
func Args(program string, args []string) (dir, rows string, err error) {
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&dir, "dir", ".", "the attempt's folder, with spec.json")
	flags.StringVar(&rows, "rows", "", "folder of cached rows (default: rows in the data folder that the attempt lies in)")
	if err := flags.Parse(args[1:]); err != nil {
		return "", "", err
	}
	if flags.NArg() > 0 {
		return "", "", fmt.Errorf("more arguments than expected; see %s %s -help", program, args[0])
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", fmt.Errorf("find folder: %w", err)
	}
	if rows == "" {
		rows = filepath.Join(dir, "..", "..", "..", "rows")
	}
	return dir, rows, nil
}
